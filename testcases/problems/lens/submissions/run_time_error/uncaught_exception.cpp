// SIGABRT from std::terminate: nobody catches what is thrown for spots that do not cross.
#include <cmath>
#include <iostream>
#include <stdexcept>

int main() {
    double x1, y1, r1, x2, y2, r2;
    std::cin >> x1 >> y1 >> r1 >> x2 >> y2 >> r2;
    const double d = std::hypot(x1 - x2, y1 - y2);
    if (d >= r1 + r2 || d <= std::abs(r1 - r2)) throw std::domain_error("the spots do not cross");
    const double a = std::acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1));
    const double b = std::acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2));
    std::cout.precision(12);
    std::cout << r1 * r1 * a + r2 * r2 * b - d * r1 * std::sin(a) << '\n';
}
