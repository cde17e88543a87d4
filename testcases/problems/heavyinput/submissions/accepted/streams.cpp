#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>

int main() {
    std::ios::sync_with_stdio(false);
    int n;
    std::cin >> n;
    std::int64_t ending_here = 0, best = std::numeric_limits<std::int64_t>::min();
    for (std::int64_t value; n-- > 0 && std::cin >> value;) {
        ending_here = value + std::max<std::int64_t>(ending_here, 0);
        best = std::max(best, ending_here);
    }
    std::cout << best << '\n';
}
