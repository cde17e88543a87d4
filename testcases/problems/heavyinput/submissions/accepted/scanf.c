#include <stdio.h>

int main(void)
{
    int n;
    if (scanf("%d", &n) != 1)
        return 1;
    long long ending_here = 0, best = -2000000000LL, value;
    while (n-- > 0) {
        if (scanf("%lld", &value) != 1)
            return 1;
        ending_here = value + (ending_here > 0 ? ending_here : 0);
        if (ending_here > best)
            best = ending_here;
    }
    printf("%lld\n", best);
    return 0;
}
