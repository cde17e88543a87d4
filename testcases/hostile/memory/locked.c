// expect: MLE | wall: memory | fact: memory that may not be paged out is counted like any other
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

int main(void) {
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    for (;;) {
        char *block = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) {
            // Beyond what may be locked; what is not locked may still be had.
            munlockall();
            continue;
        }
        mlock(block, 1 << 20);
        memset(block, 1, 1 << 20);
    }
}
