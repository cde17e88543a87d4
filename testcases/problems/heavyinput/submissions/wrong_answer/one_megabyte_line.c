/* Cuts the second line at 1 MiB: right until the input is really large. */
#include <stdio.h>
#include <stdlib.h>

static char line[1 << 20];

int main(void)
{
    if (!fgets(line, sizeof line, stdin) || !fgets(line, sizeof line, stdin))
        return 1;
    long long ending_here = 0, best = -2000000000LL;
    for (char *at = line, *end;; at = end) {
        long long value = strtoll(at, &end, 10);
        if (end == at)
            break;
        ending_here = value + (ending_here > 0 ? ending_here : 0);
        if (ending_here > best)
            best = ending_here;
    }
    printf("%lld\n", best);
    return 0;
}
