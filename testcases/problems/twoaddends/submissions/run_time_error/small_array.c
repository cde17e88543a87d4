/* SIGSEGV: room for a hundred headphones, and no bound on what is written there. */
#include <stdio.h>

static long long draws[100];

int main(void)
{
    int n;
    long long target;
    if (scanf("%d %lld", &n, &target) != 2)
        return 1;
    for (int i = 0; i < n; i++)
        if (scanf("%lld", &draws[i]) != 1)
            return 1;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (draws[i] + draws[j] == target)
                return printf("%d %d\n", i + 1, j + 1) < 0;
    puts("impossible");
    return 0;
}
