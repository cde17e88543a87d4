// Forgets that a spot may lie inside the other: acos leaves its domain and "nan" is printed.
#include <cmath>
#include <cstdio>

int main() {
    double x1, y1, r1, x2, y2, r2;
    if (std::scanf("%lf %lf %lf %lf %lf %lf", &x1, &y1, &r1, &x2, &y2, &r2) != 6) return 1;
    const double d = std::hypot(x1 - x2, y1 - y2);
    const double a = std::acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1));
    const double b = std::acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2));
    std::printf("%.9f\n", d >= r1 + r2 ? 0.0 : r1 * r1 * a + r2 * r2 * b - d * r1 * std::sin(a));
}
