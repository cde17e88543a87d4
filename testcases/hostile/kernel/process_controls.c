// expect: OK refused | wall: credentials | fact: no control of a process gives rights back or reaches beyond it
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void) {
    const struct { const char *name; long option, second; } tries[] = {
        {"PR_SET_MM", 35, 8}, {"PR_SET_SECUREBITS", PR_SET_SECUREBITS, 0},
        {"PR_SET_IO_FLUSHER", 57, 1}, {"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 0},
        {"PR_SET_TSC to itself", 26, 77}, {"PR_MCE_KILL", 33, 77}, {"PR_SET_SECCOMP strict", PR_SET_SECCOMP, 77},
    };
    int reached = 0;
    for (unsigned i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (prctl(tries[i].option, tries[i].second, 0L, 0L, 0L) == 0) reached = printf("reached %s\n", tries[i].name);
    }
    for (long capability = 0; capability < 41; capability++) {
        if (prctl(PR_CAPBSET_READ, capability, 0L, 0L, 0L) == 1) reached = printf("reached capability %ld\n", capability);
    }
    if (!reached) puts("refused");
}
