// Keeps the sum in 32 bits (unsigned in between, so that it wraps instead of being undefined).
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>

int main() {
    std::ios::sync_with_stdio(false);
    int n;
    std::cin >> n;
    std::int32_t ending_here = 0, best = std::numeric_limits<std::int32_t>::min();
    for (std::int32_t value; n-- > 0 && std::cin >> value;) {
        const auto sum = static_cast<std::uint32_t>(value) + static_cast<std::uint32_t>(std::max(ending_here, 0));
        ending_here = static_cast<std::int32_t>(sum);
        best = std::max(best, ending_here);
    }
    std::cout << best << '\n';
}
