import java.util.Scanner;

class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        var slate = new StringBuilder();
        for (int left = in.nextInt(); left > 0; left--) {
            slate.append(in.nextLong() + in.nextLong()).append('\n');
        }
        System.out.print(slate);
    }
}
