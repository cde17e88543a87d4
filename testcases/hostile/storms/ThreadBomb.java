// expect: OK refused | wall: processes | fact: a runtime's own threads and a program's share one bound
public class ThreadBomb {
    public static void main(String[] arguments) {
        try {
            for (int i = 0; i < 10_000; i++) {
                Thread thread = new Thread(null, () -> {
                    try {
                        Thread.sleep(1_000_000);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }, "bomb", 1 << 16);
                thread.setDaemon(true);
                thread.start();
            }
            System.out.println("reached 10000 threads");
        } catch (OutOfMemoryError refused) {
            System.out.println("refused");
        }
    }
}
