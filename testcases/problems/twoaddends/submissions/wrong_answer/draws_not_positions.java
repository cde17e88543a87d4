import java.io.*;
import java.util.HashSet;

/** Prints the two draws instead of where they lie. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in));
        long target = Long.parseLong(in.readLine().split(" ")[1]);
        var seen = new HashSet<Long>();
        for (String word : in.readLine().split(" ")) {
            long draw = Long.parseLong(word);
            if (seen.contains(target - draw)) {
                System.out.println((target - draw) + " " + draw);
                return;
            }
            seen.add(draw);
        }
        System.out.println("impossible");
    }
}
