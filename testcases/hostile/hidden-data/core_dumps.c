// expect: RTE signal 6 | wall: rlimits | fact: a program that crashes has no core taken, neither to a file nor to a handler of the host, which sees all its memory
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int main(void) {
    // One is the limit at which the kernel starts no handler. With none it would.
    struct rlimit cores;
    getrlimit(RLIMIT_CORE, &cores);
    if (cores.rlim_cur != 1 || cores.rlim_max != 1) return 1;
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) == 0) return 2;
    abort();
}
