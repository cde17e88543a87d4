// expect: TLE | wall: cpu | fact: a program interrupted without a pause by its own timers pays for that
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static void nothing(int number) {
    (void)number;
}

int main(void) {
    signal(SIGALRM, nothing);
    const struct itimerval soon = {{0, 1}, {0, 1}};
    setitimer(ITIMER_REAL, &soon, 0);
    for (;;) kill(getpid(), SIGALRM);
}
