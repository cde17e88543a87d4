import java.util.Scanner;

/** Integrates the height of the lens; the substitution x = mid - half cos t smooths its pointed ends. */
class Main {
    static double x1, r1, x2, r2;

    public static void main(String[] args) {
        var in = new Scanner(System.in);
        double ax = in.nextInt(), ay = in.nextInt();
        r1 = in.nextInt();
        x2 = Math.hypot(ax - in.nextInt(), ay - in.nextInt());
        r2 = in.nextInt();
        // The integrand has a kink where the two arcs meet, so each side of it is integrated alone.
        double left = Math.max(-r1, x2 - r2), right = Math.min(r1, x2 + r2);
        if (left >= right) {
            System.out.println(0);
            return;
        }
        double kink = x2 == 0 ? left : (x2 * x2 + r1 * r1 - r2 * r2) / (2 * x2);
        kink = Math.min(Math.max(kink, left), right);
        System.out.println(integrate(left, kink) + integrate(kink, right));
    }

    static double integrate(double from, double to) {
        int steps = 20_000;
        double mid = (from + to) / 2, half = (to - from) / 2, sum = 0;
        for (int i = 0; i <= steps; i++) {
            double t = Math.PI * i / steps;
            int weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * height(mid - half * Math.cos(t)) * half * Math.sin(t);
        }
        return sum * Math.PI / steps / 3;
    }

    static double height(double x) {
        double first = r1 * r1 - x * x, second = r2 * r2 - (x - x2) * (x - x2);
        return 2 * Math.sqrt(Math.max(0, Math.min(first, second)));
    }
}
