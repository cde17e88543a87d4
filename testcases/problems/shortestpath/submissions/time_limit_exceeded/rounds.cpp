// Bellman-Ford: relaxes all tracks until nothing changes. One round for each town where the tracks lie badly.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <vector>

struct Track {
    int u, v, w;
};

int main() {
    std::ios::sync_with_stdio(false);
    int n, m;
    std::cin >> n >> m;
    std::vector<Track> tracks(m);
    for (auto &[u, v, w] : tracks) std::cin >> u >> v >> w;
    constexpr auto never = std::numeric_limits<std::int64_t>::max() / 2;
    std::vector<std::int64_t> hours(n + 1, never);
    std::vector<int> parent(n + 1), way;
    hours[1] = 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto &[u, v, w] : tracks) {
            if (hours[u] + w < hours[v]) {
                hours[v] = hours[u] + w;
                parent[v] = u;
                changed = true;
            }
            if (hours[v] + w < hours[u]) {
                hours[u] = hours[v] + w;
                parent[u] = v;
                changed = true;
            }
        }
    }
    if (hours[n] >= never) {
        std::cout << "unreachable\n";
        return 0;
    }
    for (int town = n; town != 0; town = parent[town]) way.push_back(town);
    std::reverse(way.begin(), way.end());
    std::cout << hours[n] << '\n';
    for (int town : way) std::cout << town << ' ';
    std::cout << '\n';
}
