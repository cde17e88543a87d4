// expect: WTL | wall: wall clock | fact: a program that is stopped for ever is ended, and its children too
#include <signal.h>
#include <unistd.h>

int main(void) {
    if (fork() == 0) raise(SIGSTOP);
    raise(SIGSTOP);
}
