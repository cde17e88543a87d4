// expect: OK done | wall: pids | fact: a chain in which each process starts the next and ends, so that none lives when it is looked for, is cut
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int ready[2];
    if (pipe(ready) != 0) return 1;
    if (fork() == 0) {
        setsid();
        for (int links = 0;; links++) {
            if (fork() > 0) _exit(0);
            if (links == 100) write(ready[1], "x", 1);
        }
    }
    char byte;
    read(ready[0], &byte, 1);
    puts("done");
}
