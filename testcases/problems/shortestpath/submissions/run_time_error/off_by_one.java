import java.io.*;

/** ArrayIndexOutOfBoundsException, so exit code 1, at the first track: arrays for towns 0 to n - 1. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        int n = next(in), m = next(in);
        int[] degree = new int[n];
        for (int i = 0; i < m; i++) {
            degree[next(in)]++;
            degree[next(in)]++;
            next(in);
        }
        if (degree[n] == 0) System.out.println("unreachable");
    }

    static int next(StreamTokenizer in) throws IOException {
        in.nextToken();
        return (int) in.nval;
    }
}
