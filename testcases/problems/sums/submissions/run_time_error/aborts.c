/* SIGABRT through a failed assertion on the first figure wider than 32 bits. */
#undef NDEBUG
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    int n;
    int64_t a, b;
    if (scanf("%d", &n) != 1)
        return 2;
    while (n-- > 0 && scanf("%" SCNd64 " %" SCNd64, &a, &b) == 2) {
        assert(INT32_MIN <= a && a <= INT32_MAX);
        printf("%" PRId64 "\n", a + b);
    }
    return 0;
}
