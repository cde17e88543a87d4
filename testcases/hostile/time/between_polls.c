// expect: TLE | wall: cpu | fact: bursts in children that are over before anybody looks add up
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    for (;;) {
        if (fork() == 0) {
            struct timespec used;
            do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
            while (used.tv_nsec < 2000000);
            _exit(0);
        }
        wait(0);
        const struct timespec rest = {0, 100000};
        nanosleep(&rest, 0);
    }
}
