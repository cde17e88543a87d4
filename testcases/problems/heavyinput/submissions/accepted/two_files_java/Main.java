import java.io.IOException;

class Main {
    public static void main(String[] args) throws IOException {
        var in = new NumberReader(System.in);
        long endingHere = 0, best = Long.MIN_VALUE;
        for (int left = in.nextInt(); left > 0; left--) {
            endingHere = in.nextInt() + Math.max(endingHere, 0);
            best = Math.max(best, endingHere);
        }
        System.out.println(best);
    }
}
