// expect: OK refused | runs: 2 | wall: descriptors | fact: the input, which other runs share, can be neither changed nor marked
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    const struct timespec when[2] = {{1000000000, 0}, {1000000000, 0}};
    struct stat before;
    fstat(0, &before);
    char value[16];
    if (before.st_mtime == 1000000000) reached = puts("reached the time that the run before set");
    if (0 <= fgetxattr(0, "user.mark", value, sizeof value)) reached = puts("reached the mark of the run before");
    if (fsetxattr(0, "user.mark", "x", 1, 0) == 0) reached = puts("reached an attribute");
    if (futimens(0, when) == 0) reached = puts("reached a chosen time");
    if (futimens(0, NULL) == 0) reached = puts("reached the time");
    if (fchmod(0, 0600) == 0) reached = puts("reached the mode");
    if (fchown(0, 1000, 1000) == 0) reached = puts("reached the owner");
    if (flock(0, LOCK_EX | LOCK_NB) == 0) reached = puts("reached a lock");
    struct flock range = {.l_type = F_RDLCK};
    if (fcntl(0, F_SETLK, &range) == 0) reached = puts("reached a lock of a range");
    if (0 <= fcntl(0, F_ADD_SEALS, F_SEAL_SEAL)) reached = puts("reached the seals");
    int writable = open("/proc/self/fd/0", O_RDWR);
    int fd = 0 <= writable ? writable : 0;
    if (0 < write(fd, "x", 1) || ftruncate(fd, 1) == 0 || fallocate(fd, 0, 0, 1 << 20) == 0) reached = puts("reached the bytes");
    if (mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED) reached = puts("reached a mapping");
    if (!reached) puts("refused");
}
