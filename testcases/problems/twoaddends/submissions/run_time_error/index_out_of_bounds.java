import java.util.Scanner;

/** ArrayIndexOutOfBoundsException, so exit code 1: one cell too few. */
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        int n = in.nextInt();
        long target = in.nextLong();
        long[] draws = new long[n];
        for (int i = 1; i <= n; i++) draws[i] = in.nextLong();
        System.out.println("impossible");
    }
}
