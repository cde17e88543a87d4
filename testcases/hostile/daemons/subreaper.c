// expect: OK done | wall: pids | fact: who collects orphans, in place of the init, does not keep them
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void) {
    int ready[2];
    if (pipe(ready) != 0) return 1;
    if (fork() == 0) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        setsid();
        for (int i = 0; i < 8; i++) {
            if (fork() == 0) {
                if (fork() == 0) {
                    prctl(PR_SET_PDEATHSIG, 0);
                    for (;;) pause();
                }
                _exit(0);
            }
        }
        write(ready[1], "x", 1);
        for (;;) pause();
    }
    char byte;
    read(ready[0], &byte, 1);
    puts("done");
}
