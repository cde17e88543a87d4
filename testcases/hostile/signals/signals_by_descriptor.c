// expect: OK refused | wall: pids | fact: the init can't be hit through a descriptor of it either, nor by a queued signal that claims to be the kernel's
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    for (pid_t pid = 0; pid < 2; pid++) {
        int init = syscall(SYS_pidfd_open, pid ? pid : getppid(), 0);
        siginfo_t forged;
        memset(&forged, 0, sizeof forged);
        for (int number = 0; number < 65; number++) {
            forged.si_signo = number;
            forged.si_code = SI_KERNEL;
            if (syscall(SYS_pidfd_send_signal, init, number, 0, 0) == 0) reached = printf("reached signal %d\n", number);
            if (syscall(SYS_rt_sigqueueinfo, 1, number, &forged) == 0) reached = printf("reached forged signal %d\n", number);
            if (syscall(SYS_tgkill, 1, 1, number) == 0) reached = printf("reached thread with %d\n", number);
        }
    }
    if (!reached) puts("refused");
}
