import java.util.Scanner;

// NumberFormatException, so exit code 1, once a figure needs more than 32 bits.
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        for (int left = in.nextInt(); left > 0; left--) {
            System.out.println((long) Integer.parseInt(in.next()) + Integer.parseInt(in.next()));
        }
    }
}
