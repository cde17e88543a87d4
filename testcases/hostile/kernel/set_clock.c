// expect: SV settimeofday | wall: seccomp | fact: the clock by which verdicts are stamped is not set
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_settimeofday, 0, 0);
}
