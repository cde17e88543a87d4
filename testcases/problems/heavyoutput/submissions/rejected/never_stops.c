/* @EXPECTED_RESULTS@: OUTPUT-LIMIT
 * Carries the lightest crate to and fro for ever. */
#include <stdio.h>

int main(void)
{
    for (;;)
        puts("1 2\n2 1");
}
