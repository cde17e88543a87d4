// expect: OK done | wall: pids | fact: a daemon in a session of its own that ignores signals does not outlive its run
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int ready[2];
    if (pipe(ready) != 0) return 1;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int signal_number = 1; signal_number < 65; signal_number++) signal(signal_number, SIG_IGN);
            close(0);
            close(1);
            close(2);
            write(ready[1], "x", 1);
            for (;;) pause();
        }
        _exit(0);
    }
    char byte;
    read(ready[0], &byte, 1);
    puts("done");
}
