import java.nio.ByteBuffer;
import java.util.Scanner;

/** BufferOverflowException, so exit code 1, from a megabyte on. */
class Main {
    static final ByteBuffer MOVES = ByteBuffer.allocate(1 << 20);

    public static void main(String[] args) {
        var in = new Scanner(System.in);
        shift(in.nextInt(), in.nextInt(), in.nextInt());
        System.out.println(MOVES.position() / 4);
        System.out.write(MOVES.array(), 0, MOVES.position());
        System.out.flush();
    }

    static void shift(int crates, int from, int to) {
        if (crates == 0) return;
        if (from == 2 || to == 2) {
            shift(crates - 1, from, 6 - from - to);
            lift(from, to);
            shift(crates - 1, 6 - from - to, to);
        } else {
            shift(crates - 1, from, to);
            lift(from, 2);
            shift(crates - 1, to, from);
            lift(2, to);
            shift(crates - 1, from, to);
        }
    }

    static void lift(int from, int to) {
        MOVES.put((byte) ('0' + from)).put((byte) ' ').put((byte) ('0' + to)).put((byte) '\n');
    }
}
