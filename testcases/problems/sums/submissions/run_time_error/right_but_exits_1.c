/* Every sum is right and then main fails: a run-time error all the same. */
#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    int n;
    int64_t a, b;
    if (scanf("%d", &n) != 1)
        return 2;
    while (n-- > 0 && scanf("%" SCNd64 " %" SCNd64, &a, &b) == 2)
        printf("%" PRId64 "\n", a + b);
    return 1;
}
