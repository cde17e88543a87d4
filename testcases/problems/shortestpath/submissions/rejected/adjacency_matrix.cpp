// @EXPECTED_RESULTS@: MEMORY-LIMIT
// Dijkstra on a matrix of all pairs: 160 GB for the largest inputs. The judge ends it at 512 MiB.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n, m;
    std::cin >> n >> m;
    // 2 GiB is four times the limit; a judge without one gets to see a crash instead of a full machine.
    const std::size_t most_cells = std::size_t{1} << 29;
    std::vector<std::vector<std::int32_t>> matrix;
    for (std::size_t row = 0; row <= static_cast<std::size_t>(n); row++) {
        if (row * static_cast<std::size_t>(n) > most_cells) return 1;
        matrix.emplace_back(n + 1, 0);
    }
    for (int u, v, w; m-- > 0 && std::cin >> u >> v >> w;)
        if (matrix[u][v] == 0 || w < matrix[u][v]) matrix[u][v] = matrix[v][u] = w;
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> hours(n + 1, never);
    std::vector<int> parent(n + 1), way;
    std::vector<bool> settled(n + 1);
    hours[1] = 0;
    for (int here = 1; here != 0;) {
        settled[here] = true;
        for (int other = 1; other <= n; other++)
            if (matrix[here][other] != 0 && hours[here] + matrix[here][other] < hours[other]) {
                hours[other] = hours[here] + matrix[here][other];
                parent[other] = here;
            }
        here = 0;
        for (int town = 1; town <= n; town++)
            if (!settled[town] && hours[town] < hours[here]) here = town;
    }
    if (hours[n] == never) {
        std::cout << "unreachable\n";
        return 0;
    }
    for (int town = n; town != 0; town = parent[town]) way.push_back(town);
    std::reverse(way.begin(), way.end());
    std::cout << hours[n] << '\n';
    for (int town : way) std::cout << town << ' ';
    std::cout << '\n';
}
