// Breadth-first: a way with the fewest tracks, not the fewest hours.
#include <algorithm>
#include <iostream>
#include <queue>
#include <utility>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<std::pair<int, int>>> neighbours(n + 1);
    for (int u, v, w; m-- > 0 && std::cin >> u >> v >> w;) {
        neighbours[u].emplace_back(v, w);
        neighbours[v].emplace_back(u, w);
    }
    std::vector<long long> hours(n + 1, -1);
    std::vector<int> parent(n + 1), way;
    std::queue<int> queue;
    hours[1] = 0;
    for (queue.push(1); !queue.empty(); queue.pop())
        for (auto [other, w] : neighbours[queue.front()])
            if (hours[other] < 0) {
                hours[other] = hours[queue.front()] + w;
                parent[other] = queue.front();
                queue.push(other);
            }
    if (hours[n] < 0) {
        std::cout << "unreachable\n";
        return 0;
    }
    for (int town = n; town != 0; town = parent[town]) way.push_back(town);
    std::reverse(way.begin(), way.end());
    std::cout << hours[n] << '\n';
    for (int town : way) std::cout << town << ' ';
    std::cout << '\n';
}
