// expect: TLE | wall: cpu | fact: CPU time of thousands of children that live too briefly to be looked at is counted
#include <signal.h>
#include <unistd.h>

int main(void) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        pid_t child = vfork();
        if (child == 0) _exit(0);
    }
}
