import java.io.*;

/** Always travels from the spring to the sea. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        in.nextToken();
        long sum = 0;
        for (int left = (int) in.nval; left > 0; left--) {
            in.nextToken();
            sum += (long) in.nval;
        }
        System.out.println(sum);
    }
}
