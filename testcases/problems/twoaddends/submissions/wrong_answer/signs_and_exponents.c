/* For the validator: things that many number parsers let through. */
#include <stdio.h>

int main(void)
{
    puts("+1 2e0");
    return 0;
}
