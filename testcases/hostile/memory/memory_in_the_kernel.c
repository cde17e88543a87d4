// expect: MLE | wall: memory | fact: what pipes and sockets hold for a program is its memory
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 16];
    for (int process = 0; process < 24; process++) {
        if (fork() != 0) continue;
        for (int pair = 0; pair < 100; pair++) {
            int ends[2];
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) break;
            fcntl(ends[0], F_SETFL, O_NONBLOCK);
            while (0 < write(ends[0], block, sizeof block)) {}
        }
        for (;;) pause();
    }
    for (;;) pause();
}
