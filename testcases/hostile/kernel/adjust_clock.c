// expect: SV adjtimex | wall: seccomp | fact: the clock is not made faster or slower
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char timex[256] = {0};
    syscall(SYS_adjtimex, timex);
}
