// expect: OK done | wall: pids | fact: a descriptor whose owner is said to be the init, or everybody, sends them nothing
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    const pid_t owners[] = {1, -1, getppid()};
    for (int i = 0; i < 3; i++) {
        fcntl(ends[0], F_SETSIG, SIGKILL);
        fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
        fcntl(ends[0], F_SETOWN, owners[i]);
        write(ends[1], "x", 1);
    }
    puts("done");
}
