// expect: TLE | wall: cpu | fact: a program that ignores and blocks every signal ends all the same
#include <signal.h>

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (int signal_number = 1; signal_number < 65; signal_number++) signal(signal_number, SIG_IGN);
    for (;;) {}
}
