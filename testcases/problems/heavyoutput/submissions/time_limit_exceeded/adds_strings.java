import java.util.Scanner;

/** Adds to a String, which copies it every time. */
class Main {
    static String moves = "";

    public static void main(String[] args) {
        var in = new Scanner(System.in);
        shift(in.nextInt(), in.nextInt(), in.nextInt());
        System.out.println(moves.length() / 4);
        System.out.print(moves);
    }

    static void shift(int crates, int from, int to) {
        if (crates == 0) return;
        if (from == 2 || to == 2) {
            shift(crates - 1, from, 6 - from - to);
            moves += from + " " + to + "\n";
            shift(crates - 1, 6 - from - to, to);
        } else {
            shift(crates - 1, from, to);
            moves += from + " 2\n";
            shift(crates - 1, to, from);
            moves += "2 " + to + "\n";
            shift(crates - 1, from, to);
        }
    }
}
