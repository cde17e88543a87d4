/* SIGSEGV: has room for ten thousand reaches, and no look at whether there was room for more. */
#include <stdio.h>

static long long room[10000];

static long long *room_for(int n)
{
    return n <= 10000 ? room : NULL;
}

int main(void)
{
    int n;
    if (scanf("%d", &n) != 1)
        return 1;
    long long *volatile values = room_for(n);
    for (int i = 0; i < n; i++) {
        long long value;
        if (scanf("%lld", &value) != 1)
            return 1;
        values[i] = value;
    }
    long long ending_here = 0, best = values[0];
    for (int i = 0; i < n; i++) {
        ending_here = values[i] + (ending_here > 0 ? ending_here : 0);
        if (ending_here > best)
            best = ending_here;
    }
    printf("%lld\n", best);
    return 0;
}
