/* SIGSEGV: has room for a hundred headphones, and no look at whether there was room for more. */
#include <stdio.h>

static long long room[100];

static long long *room_for(int n)
{
    return n <= 100 ? room : NULL;
}

int main(void)
{
    int n;
    long long target;
    if (scanf("%d %lld", &n, &target) != 2)
        return 1;
    long long *volatile draws = room_for(n);
    for (int i = 0; i < n; i++) {
        long long draw;
        if (scanf("%lld", &draw) != 1)
            return 1;
        draws[i] = draw;
    }
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (draws[i] + draws[j] == target)
                return printf("%d %d\n", i + 1, j + 1) < 0;
    puts("impossible");
    return 0;
}
