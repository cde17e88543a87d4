// expect: OK refused | runs: 2 | wall: credentials | fact: what a run sets of its own process, priority, limits and masks, is as it was for the next
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

int main(void) {
    int reached = 0;
    cpu_set_t cores;
    struct rlimit files, none = {16, 16};
    struct sigaction handler;
    sigset_t blocked;
    char score[8] = "";
    sched_getaffinity(0, sizeof cores, &cores);
    getrlimit(RLIMIT_NOFILE, &files);
    sigaction(SIGUSR1, 0, &handler);
    sigprocmask(SIG_BLOCK, 0, &blocked);
    int adjustment = open("/proc/self/oom_score_adj", O_RDWR);
    read(adjustment, score, sizeof score - 1);
    if (getpriority(PRIO_PROCESS, 0) == 19) reached = puts("reached the priority");
    if (CPU_COUNT(&cores) == 1 && 1 < sysconf(_SC_NPROCESSORS_ONLN)) reached = puts("reached the cores");
    if (files.rlim_max == 16) reached = puts("reached a limit");
    if (handler.sa_handler == SIG_IGN || sigismember(&blocked, SIGUSR1)) reached = puts("reached signals");
    if (umask(0777) == 0777) reached = puts("reached the mask of modes");
    if (prctl(PR_GET_TIMERSLACK) == 12345) reached = puts("reached the slack of timers");
    if (atoi(score) == 1000) reached = puts("reached the score");
    if (getenv("LEFT")) reached = puts("reached the environment");
    CPU_ZERO(&cores);
    CPU_SET(sched_getcpu(), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
    setpriority(PRIO_PROCESS, 0, 19);
    setrlimit(RLIMIT_NOFILE, &none);
    signal(SIGUSR1, SIG_IGN);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_SETMASK, &blocked, 0);
    prctl(PR_SET_TIMERSLACK, 12345);
    write(adjustment, "1000", 4);
    setenv("LEFT", "1", 1);
    if (!reached) puts("refused");
}
