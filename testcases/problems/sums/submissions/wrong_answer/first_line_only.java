import java.util.Scanner;

// Stops after the first morning: right lines, too few of them.
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        in.nextInt();
        System.out.println(in.nextLong() + in.nextLong());
    }
}
