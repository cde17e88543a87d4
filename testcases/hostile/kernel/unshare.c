// expect: SV unshare | wall: seccomp | fact: no new namespaces, which would give back capabilities
#define _GNU_SOURCE
#include <sched.h>

int main(void) {
    unshare(CLONE_NEWUSER | CLONE_NEWNS);
}
