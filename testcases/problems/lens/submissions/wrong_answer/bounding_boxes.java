import java.util.Scanner;

/** Intersects the squares around the spots instead of the spots. */
class Main {
    public static void main(String[] args) {
        var in = new Scanner(System.in);
        int[] spot = new int[6];
        for (int i = 0; i < 6; i++) spot[i] = in.nextInt();
        double width = 1, r = Math.min(spot[2], spot[5]);
        for (int axis = 0; axis < 2; axis++) {
            double low = Math.max(spot[axis] - spot[2], spot[axis + 3] - spot[5]);
            double high = Math.min(spot[axis] + spot[2], spot[axis + 3] + spot[5]);
            width *= Math.max(0, high - low);
        }
        System.out.println(Math.min(width, Math.PI * r * r));
    }
}
