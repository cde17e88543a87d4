/* Two circular sectors less the kite between the centres and the crossings. */
#include <math.h>
#include <stdio.h>

int main(void)
{
    double x1, y1, r1, x2, y2, r2;
    if (scanf("%lf %lf %lf %lf %lf %lf", &x1, &y1, &r1, &x2, &y2, &r2) != 6)
        return 1;
    double d = hypot(x1 - x2, y1 - y2), area;
    if (d >= r1 + r2) {
        area = 0;
    } else if (d <= fabs(r1 - r2)) {
        double r = fmin(r1, r2);
        area = acos(-1.0) * r * r;
    } else {
        double a = acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1));
        double b = acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2));
        area = r1 * r1 * a + r2 * r2 * b - d * r1 * sin(a);
    }
    printf("%.9f\n", area);
    return 0;
}
