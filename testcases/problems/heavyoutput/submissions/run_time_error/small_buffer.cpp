// SIGSEGV: a megabyte of room for six, and a null pointer when that is full.
#include <cstdio>

static char moves[1 << 20];
static char *volatile end = moves;

void lift(int from, int to) {
    char *const here = end;
    here[0] = static_cast<char>('0' + from);
    here[1] = ' ';
    here[2] = static_cast<char>('0' + to);
    here[3] = '\n';
    end = here + 4 < moves + sizeof moves ? here + 4 : nullptr;
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
    if (std::scanf("%d %d %d", &crates, &from, &to) != 3) return 1;
    shift(crates, from, to);
    std::printf("%td\n", (end - moves) / 4);
    std::fwrite(moves, 1, static_cast<std::size_t>(end - moves), stdout);
}
