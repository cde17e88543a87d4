import java.util.Scanner;

/** Waits for an empty line, and asks again when there is none. */
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        String line = "x";
        while (!line.isEmpty()) {
            if (in.hasNextLine()) line = in.nextLine();
        }
    }
}
