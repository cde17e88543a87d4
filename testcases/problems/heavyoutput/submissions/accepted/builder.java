import java.util.Scanner;

class Main {
    static final StringBuilder MOVES = new StringBuilder();

    public static void main(String[] args) {
        var in = new Scanner(System.in);
        shift(in.nextInt(), in.nextInt(), in.nextInt());
        System.out.println(MOVES.length() / 4);
        System.out.print(MOVES);
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
        MOVES.append(from).append(' ').append(to).append('\n');
    }
}
