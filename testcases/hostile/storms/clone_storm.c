// expect: RTE processes | wall: processes | fact: processes by clone, that share memory, files and all that can be shared, count each
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    static char stacks[1000][256];
    for (int i = 0; i < 1000; i++) {
        long child = syscall(SYS_clone, CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND | CLONE_PARENT, stacks[i + 1] - 16, 0, 0, 0);
        if (child == 0) {
            for (;;) syscall(SYS_pause);
        }
        if (child < 0) return 1;
    }
}
