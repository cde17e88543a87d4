// expect: OK refused | wall: pids | fact: nobody else is made slower, bound to a core, or given other limits
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    const struct sched_param none = {0};
    const struct rlimit little = {1, 1};
    for (pid_t pid = 1; pid < 40000; pid++) {
        if (pid == getpid()) continue;
        if (setpriority(PRIO_PROCESS, pid, 19) == 0) reached = printf("reached the priority of %d\n", pid);
        if (sched_setaffinity(pid, sizeof first, &first) == 0) reached = printf("reached the cores of %d\n", pid);
        if (sched_setscheduler(pid, SCHED_IDLE, &none) == 0) reached = printf("reached the class of %d\n", pid);
        if (prlimit(pid, RLIMIT_NOFILE, &little, 0) == 0) reached = printf("reached the limits of %d\n", pid);
        if (syscall(SYS_ioprio_set, 1, pid, 3 << 13) == 0) reached = printf("reached the input of %d\n", pid);
    }
    if (!reached) puts("refused");
}
