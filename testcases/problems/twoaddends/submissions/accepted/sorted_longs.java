import java.io.*;
import java.util.Arrays;

/** Packs draw and position into one long, so that sorting moves no objects. Prints the later position first. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        int n = next(in);
        long target = next(in);
        long[] packed = new long[n];
        for (int i = 0; i < n; i++) packed[i] = ((long) next(in) << 20) | i;
        Arrays.sort(packed);
        for (int low = 0, high = n - 1; low < high;) {
            long sum = (packed[low] >> 20) + (packed[high] >> 20);
            if (sum == target) {
                int first = (int) (packed[low] & 0xFFFFF) + 1, second = (int) (packed[high] & 0xFFFFF) + 1;
                System.out.println(Math.max(first, second) + " " + Math.min(first, second));
                return;
            }
            if (sum < target) low++; else high--;
        }
        System.out.println("impossible");
    }

    static int next(StreamTokenizer in) throws IOException {
        in.nextToken();
        return (int) in.nval;
    }
}
