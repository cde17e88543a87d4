// expect: TLE | wall: cpu | fact: a program that ends by itself, well, and a moment too late has exceeded its time
#include <stdio.h>
#include <time.h>

int main(void) {
    struct timespec used;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_sec < 1 || used.tv_nsec < 10000000);
    puts("done");
}
