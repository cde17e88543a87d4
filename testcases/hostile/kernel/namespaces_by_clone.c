// expect: OK refused | wall: seccomp | fact: clone makes no namespaces, and clone3, whose flags no filter can see, is not there
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    const uint64_t flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
    for (int i = 0; i < 7; i++) {
        long child = syscall(SYS_clone, flags[i] | (i ? CLONE_NEWUSER : 0) | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(0);
        if (0 < child || errno != EPERM) reached = printf("reached %llx\n", (unsigned long long)flags[i]);
    }
    struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &args, sizeof args);
    if (child == 0) _exit(0);
    if (0 < child || errno != ENOSYS) reached = puts("reached clone3");
    if (!reached) puts("refused");
}
