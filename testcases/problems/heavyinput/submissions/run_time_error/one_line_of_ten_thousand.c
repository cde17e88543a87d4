/* SIGSEGV: copies the reaches into room for ten thousand. */
#include <stdio.h>

static long long values[10000];

int main(void)
{
    int n;
    if (scanf("%d", &n) != 1)
        return 1;
    for (int i = 0; i < n; i++)
        if (scanf("%lld", &values[i]) != 1)
            return 1;
    long long ending_here = 0, best = values[0];
    for (int i = 0; i < n; i++) {
        ending_here = values[i] + (ending_here > 0 ? ending_here : 0);
        if (ending_here > best)
            best = ending_here;
    }
    printf("%lld\n", best);
    return 0;
}
