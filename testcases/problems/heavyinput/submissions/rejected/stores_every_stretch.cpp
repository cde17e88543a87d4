// @EXPECTED_RESULTS@: MEMORY-LIMIT
// Keeps the sums of all stretches before it looks for the largest. The judge ends it at 256 MiB.
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
    std::vector<std::vector<std::int64_t>> sums;
    // 1 GiB is four times the limit; a judge without one gets to see a wrong answer instead of a full machine.
    for (std::size_t from = 0, kept = 0; from < values.size() && kept < std::size_t{1} << 27; from++) {
        auto &row = sums.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(from), values.end());
        for (std::size_t to = 1; to < row.size(); to++) row[to] += row[to - 1];
        kept += row.size();
    }
    std::int64_t best = values[0];
    for (const auto &row : sums) best = std::max(best, *std::max_element(row.begin(), row.end()));
    std::cout << best << '\n';
}
