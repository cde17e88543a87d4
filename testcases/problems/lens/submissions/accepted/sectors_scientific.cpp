// Prints in scientific notation, which a floating-point tolerance allows.
#include <algorithm>
#include <cmath>
#include <complex>
#include <iomanip>
#include <iostream>
#include <numbers>

int main() {
    double x, y, r, other_x, other_y, s;
    std::cin >> x >> y >> r >> other_x >> other_y >> s;
    const double d = std::abs(std::complex(x, y) - std::complex(other_x, other_y));
    auto segment = [d](double radius, double other) {
        const double angle = 2 * std::acos((d * d + radius * radius - other * other) / (2 * d * radius));
        return radius * radius * (angle - std::sin(angle)) / 2;
    };
    double area = 0;
    if (d <= std::abs(r - s)) area = std::numbers::pi * std::min(r, s) * std::min(r, s);
    else if (d < r + s) area = segment(r, s) + segment(s, r);
    std::cout << std::scientific << std::setprecision(12) << area << '\n';
}
