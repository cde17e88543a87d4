// expect: OK refused | wall: memory | fact: huge pages, which the host may have set aside and no cgroup counts, are out of reach
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/shm.h>

int main(void) {
    int reached = 0;
    // EPERM, for where the host has none it would be ENOMEM without any wall.
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    if (mmap(0, 2 << 20, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED || errno != EPERM) reached = puts("reached mmap");
    if (0 <= memfd_create("huge", MFD_HUGETLB) || errno != EPERM) reached = puts("reached memfd_create");
    if (0 <= shmget(IPC_PRIVATE, 2 << 20, IPC_CREAT | SHM_HUGETLB | 0600) || errno != EPERM) reached = puts("reached shmget");
    if (!reached) puts("refused");
}
