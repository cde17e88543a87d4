// expect: OK done | wall: pids | fact: what Java starts and does not wait for ends with it, its threads too
import java.io.IOException;

public class LeftBehind {
    public static void main(String[] arguments) throws IOException {
        for (int i = 0; i < 3; i++) {
            Process child = Runtime.getRuntime().exec(new String[] {"/usr/bin/setsid", "/bin/sh", "-c", "echo up; sleep 1000"});
            child.getInputStream().read();
        }
        Thread thread = new Thread(() -> {
            while (true) {
                Thread.onSpinWait();
            }
        });
        thread.setDaemon(true);
        thread.start();
        System.out.println("done");
    }
}
