// expect: SV perf_event_open | wall: seccomp | fact: no counters of the machine, which tell of others
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char attributes[128] = {0};
    syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}
