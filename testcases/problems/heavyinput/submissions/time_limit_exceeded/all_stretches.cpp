// Adds up every stretch from every start: 5 * 10^11 additions.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n;
    std::cin >> n;
    std::vector<std::int64_t> values(n);
    for (auto &value : values) std::cin >> value;
    std::int64_t best = values[0];
    for (int from = 0; from < n; from++) {
        std::int64_t sum = 0;
        for (int to = from; to < n; to++) best = std::max(best, sum += values[to]);
    }
    std::cout << best << '\n';
}
