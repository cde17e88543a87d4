#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

using Moves = std::vector<std::pair<int, int>>;

void shift(int crates, int from, int to, Moves &moves) {
    if (crates == 0) return;
    if (const int other = 6 - from - to; other != 2) {
        shift(crates - 1, from, other, moves);
        moves.emplace_back(from, to);
        shift(crates - 1, other, to, moves);
        return;
    }
    shift(crates - 1, from, to, moves);
    moves.emplace_back(from, 2);
    shift(crates - 1, to, from, moves);
    moves.emplace_back(2, to);
    shift(crates - 1, from, to, moves);
}

int main() {
    int crates, from, to;
    std::cin >> crates >> from >> to;
    Moves moves;
    shift(crates, from, to, moves);
    std::cout << moves.size() << '\n';
    for (auto [a, b] : moves) std::cout << a << ' ' << b << '\n';
}
