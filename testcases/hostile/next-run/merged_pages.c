// expect: OK refused | wall: seccomp | fact: pages are not merged with equal ones of other sandboxes, where the time of a write would tell what those hold
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

int main(void) {
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int reached = 0;
    if (madvise(page, 4096, 12 /* MADV_MERGEABLE */) == 0) reached = puts("reached one page");
    if (prctl(67 /* PR_SET_MEMORY_MERGE */, 1L, 0L, 0L, 0L) == 0) reached = puts("reached all pages");
    if (!reached) puts("refused");
}
