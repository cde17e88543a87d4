/* @EXPECTED_RESULTS@: COMPILER-ERROR */
#include <stdio.h>

int main(void)
{
    long long a, b
    return scanf("%lld %lld", &a, &b) == 2 ? 0 : 1;
}
