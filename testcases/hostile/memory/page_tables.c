// expect: MLE | wall: memory | fact: tables for pages that were only read, of which there is one for all, are memory of who had them made
#include <sys/mman.h>

int main(void) {
    const long long block = 1LL << 30, step = 2 << 20;
    for (;;) {
        char *at = mmap(0, block, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) return 1;
        madvise(at, block, MADV_NOHUGEPAGE);
        for (long long i = 0; i < block; i += step) *(volatile char *)(at + i);
    }
}
