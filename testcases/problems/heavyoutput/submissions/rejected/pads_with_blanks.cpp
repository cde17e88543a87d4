// @EXPECTED_RESULTS@: OUTPUT-LIMIT
// A right answer with 16 MiB of blank lines behind it. The validator does not mind white space; the limit does.
#include <iostream>
#include <string>

std::string moves;

void lift(int from, int to) { moves += {char('0' + from), ' ', char('0' + to), '\n'}; }

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
    std::cout << moves.size() / 4 << '\n' << moves << std::string(16 << 20, '\n');
}
