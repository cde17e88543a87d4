#include <iostream>
#include <unordered_map>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    long long n, target, draw;
    std::cin >> n >> target;
    std::unordered_map<long long, int> seen;
    for (int position = 1; position <= n && std::cin >> draw; position++) {
        if (auto partner = seen.find(target - draw); partner != seen.end()) {
            std::cout << partner->second << ' ' << position << '\n';
            return 0;
        }
        seen.emplace(draw, position);
    }
    std::cout << "impossible\n";
}
