// expect: OK done | wall: pids | fact: a process that the kernel suspends until a child starts a program, which it never does, is ended
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int ready[2];
    if (pipe(ready) != 0) return 1;
    if (fork() == 0) {
        if (vfork() == 0) {
            write(ready[1], "x", 1);
            for (;;) pause();
        }
        _exit(0);
    }
    char byte;
    read(ready[0], &byte, 1);
    puts("done");
}
