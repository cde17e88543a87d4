/* The right number of lifts, each the wrong way round. */
#include <stdio.h>

static void shift(int crates, int from, int to)
{
    int other = 6 - from - to;
    if (crates == 0)
        return;
    if (other != 2) {
        shift(crates - 1, from, other);
        printf("%d %d\n", to, from);
        shift(crates - 1, other, to);
    } else {
        shift(crates - 1, from, to);
        printf("2 %d\n", from);
        shift(crates - 1, to, from);
        printf("%d 2\n", to);
        shift(crates - 1, from, to);
    }
}

int main(void)
{
    int crates, from, to;
    if (scanf("%d %d %d", &crates, &from, &to) != 3)
        return 1;
    long lifts = 1;
    for (int i = 0; i < crates; i++)
        lifts *= 3;
    printf("%ld\n", from == 2 || to == 2 ? lifts / 2 : lifts - 1);
    shift(crates, from, to);
    return 0;
}
