// expect: MLE | wall: memory | fact: what waits in pipes is memory of the program
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 16];
    for (int process = 0; process < 24; process++) {
        if (fork() != 0) continue;
        int ends[2];
        while (pipe2(ends, O_NONBLOCK) == 0) {
            fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
            while (0 < write(ends[1], block, sizeof block)) {}
        }
        for (;;) pause();
    }
    for (;;) pause();
}
