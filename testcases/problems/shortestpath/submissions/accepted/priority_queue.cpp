#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<std::pair<int, int>>> neighbours(n + 1);
    for (int u, v, w; m-- > 0 && std::cin >> u >> v >> w;) {
        neighbours[u].emplace_back(v, w);
        neighbours[v].emplace_back(u, w);
    }
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> hours(n + 1, never);
    std::vector<int> parent(n + 1);
    using Entry = std::pair<std::int64_t, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    hours[1] = 0;
    queue.emplace(0, 1);
    while (!queue.empty()) {
        const auto [at, town] = queue.top();
        queue.pop();
        if (at > hours[town]) continue;
        for (const auto &[other, w] : neighbours[town])
            if (at + w < hours[other]) {
                hours[other] = at + w;
                parent[other] = town;
                queue.emplace(at + w, other);
            }
    }
    if (hours[n] == never) {
        std::cout << "unreachable\n";
        return 0;
    }
    std::vector<int> way;
    for (int town = n; town != 0; town = parent[town]) way.push_back(town);
    std::reverse(way.begin(), way.end());
    std::cout << hours[n] << '\n';
    for (int town : way) std::cout << town << ' ';
    std::cout << '\n';
}
