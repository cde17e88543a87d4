// expect: WTL | wall: wall clock | fact: a parent that the kernel suspends for a stopped child is ended
#include <signal.h>
#include <unistd.h>

int main(void) {
    if (vfork() == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
}
