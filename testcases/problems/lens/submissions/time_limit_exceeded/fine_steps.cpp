// Sums up slices until the error must be small enough: far too many slices.
#include <algorithm>
#include <cmath>
#include <cstdio>

int main() {
    double x1, y1, r1, x2, y2, r2;
    if (std::scanf("%lf %lf %lf %lf %lf %lf", &x1, &y1, &r1, &x2, &y2, &r2) != 6) return 1;
    const double d = std::hypot(x1 - x2, y1 - y2);
    const double left = std::max(-r1, d - r2), right = std::min(r1, d + r2);
    const long long slices = 20'000'000'000;
    double area = 0;
    for (long long i = 0; i < slices && left < right; i++) {
        const double x = left + (right - left) * (static_cast<double>(i) + 0.5) / slices;
        area += 2 * std::sqrt(std::max(0.0, std::min(r1 * r1 - x * x, r2 * r2 - (x - d) * (x - d))));
    }
    std::printf("%.9f\n", area * std::max(0.0, right - left) / slices);
}
