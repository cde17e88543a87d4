// expect: OK refused | wall: credentials | fact: no identity, capability or set-uid program gives back what was dropped
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    gid_t root = 0;
    if (setuid(0) == 0 || setresuid(0, 0, 0) == 0 || setuid(1) == 0) reached = puts("reached another uid");
    if (setgid(0) == 0 || setgroups(1, &root) == 0) reached = puts("reached another gid");
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{-1, -1, -1}, {-1, -1, -1}};
    if (syscall(SYS_capset, &header, all) == 0) reached = puts("reached capabilities");
    if (prctl(PR_SET_SECUREBITS, 0) == 0 || prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) reached = puts("reached the bits");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) == 0) reached = puts("reached an ambient capability");
    struct sched_param first = {1};
    if (sched_setscheduler(0, SCHED_FIFO, &first) == 0 || nice(-5) != -1) reached = puts("reached a priority");
    struct rlimit core = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_CORE, &core) == 0) reached = puts("reached core files");
    fflush(stdout);
    if (!reached) puts("refused");
}
