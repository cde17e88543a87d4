// Keeps at most 1 MiB of moves: a right beginning and nothing behind it, and the right count above.
#include <iostream>
#include <string>

std::string moves;
long lifts = 0;

void lift(int from, int to) {
    lifts++;
    if (moves.size() < (1 << 20)) moves += {char('0' + from), ' ', char('0' + to), '\n'};
}

void shift(int crates, int from, int to) {
    if (crates == 0) return;
    if (const int other = 6 - from - to; other != 2) {
        shift(crates - 1, from, other);
        lift(from, to);
        shift(crates - 1, other, to);
        return;
    }
    shift(crates - 1, from, to);
    lift(from, 2);
    shift(crates - 1, to, from);
    lift(2, to);
    shift(crates - 1, from, to);
}

int main() {
    int crates, from, to;
    std::cin >> crates >> from >> to;
    shift(crates, from, to);
    std::cout << lifts << '\n' << moves;
}
