// expect: TLE | wall: cpu | fact: threads that go on when main has returned burn time of the program
public class AfterMain {
    public static void main(String[] arguments) {
        new Thread(() -> {
            long turns = 0;
            while (turns != -1) {
                turns = turns * 31 + 1 | 1;
            }
        }).start();
        System.out.println("done");
    }
}
