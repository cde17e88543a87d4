// Looks at every pair, and at each of them from both sides.
#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    long long n, target;
    std::cin >> n >> target;
    std::vector<long long> draws(n);
    for (auto &draw : draws) std::cin >> draw;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j && draws[i] + draws[j] == target) {
                std::cout << i + 1 << ' ' << j + 1 << '\n';
                return 0;
            }
    std::cout << "impossible\n";
}
