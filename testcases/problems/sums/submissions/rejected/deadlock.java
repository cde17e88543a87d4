import java.util.concurrent.CyclicBarrier;

// @EXPECTED_RESULTS@: TIMELIMIT
// Idle: two threads, each holding the lock that the other waits for.
class Main {
    static final Object LEFT = new Object();
    static final Object RIGHT = new Object();
    static final CyclicBarrier BOTH_HOLD_ONE = new CyclicBarrier(2);

    public static void main(String[] args) {
        new Thread(() -> takeBoth(LEFT, RIGHT)).start();
        new Thread(() -> takeBoth(RIGHT, LEFT)).start();
    }

    static void takeBoth(Object first, Object second) {
        synchronized (first) {
            try {
                BOTH_HOLD_ONE.await();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            synchronized (second) {
                System.out.println("never reached");
            }
        }
    }
}
