// expect: OK refused or MLE | wall: memory | fact: timers are bounded, by their number or as memory
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void) {
    struct sigevent silent = {.sigev_notify = SIGEV_NONE};
    for (int i = 0; i < 4000000; i++) {
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, &silent, &timer) != 0) return puts(errno == EAGAIN ? "refused" : "failed"), 0;
    }
    puts("reached four million timers");
}
