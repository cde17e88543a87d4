#include <stdio.h>

static char moves[1594322 * 4];
static size_t used;

static void lift(int from, int to)
{
    moves[used++] = (char)('0' + from);
    moves[used++] = ' ';
    moves[used++] = (char)('0' + to);
    moves[used++] = '\n';
}

static void shift(int crates, int from, int to)
{
    if (crates == 0)
        return;
    if (from == 2 || to == 2) {
        int other = 6 - from - to;
        shift(crates - 1, from, other);
        lift(from, to);
        shift(crates - 1, other, to);
    } else {
        shift(crates - 1, from, to);
        lift(from, 2);
        shift(crates - 1, to, from);
        lift(2, to);
        shift(crates - 1, from, to);
    }
}

int main(void)
{
    int crates, from, to;
    if (scanf("%d %d %d", &crates, &from, &to) != 3)
        return 1;
    shift(crates, from, to);
    printf("%zu\n", used / 4);
    return fwrite(moves, 1, used, stdout) == used ? 0 : 1;
}
