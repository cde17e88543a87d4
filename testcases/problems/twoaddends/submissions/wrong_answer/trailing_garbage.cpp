// A right answer with more behind it is wrong.
#include <iostream>
#include <unordered_map>

int main() {
    std::ios::sync_with_stdio(false);
    long long n, target, draw;
    std::cin >> n >> target;
    std::unordered_map<long long, int> seen;
    for (int position = 1; position <= n && std::cin >> draw; position++) {
        if (auto partner = seen.find(target - draw); partner != seen.end()) {
            std::cout << partner->second << ' ' << position << "\nimpossible\n";
            return 0;
        }
        seen.emplace(draw, position);
    }
    std::cout << "impossible\n0\n";
}
