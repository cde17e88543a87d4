// expect: RTE processes | wall: processes | fact: the sum of processes is bounded, and who hits the bound is told so
#include <unistd.h>

int main(void) {
    pid_t first = getpid();
    for (;;) {
        if (fork() < 0) {
            if (getpid() == first) return 1;
            pause();
        }
    }
}
