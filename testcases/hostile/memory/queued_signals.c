// expect: OK refused or MLE | wall: memory | fact: signals that wait are bounded, by their number or as memory
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    const union sigval value = {0};
    for (int i = 0; i < 4000000; i++) {
        if (sigqueue(getpid(), SIGRTMIN, value) != 0) return puts(errno == EAGAIN ? "refused" : "failed"), 0;
    }
    puts("reached four million signals");
}
