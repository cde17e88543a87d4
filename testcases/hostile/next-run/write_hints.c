// expect: OK refused | runs: 2 | wall: seccomp | fact: hints on how long data will live can't be written on files that all sandboxes see
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
    // F_SET_RW_HINT and F_SET_FILE_RW_HINT: kernels before 6.9 ask for no right to the file.
    int fd = open("/usr/bin/gcc", O_RDONLY), reached = 0;
    uint64_t hint = 0;
    if (fcntl(fd, 1035 /* F_GET_RW_HINT */, &hint) == 0 && hint == 3) reached = puts("reached the hint of the run before");
    hint = 3;
    if (fcntl(fd, 1036, &hint) == 0) reached = puts("reached the file's hint");
    if (fcntl(0, 1036, &hint) == 0) reached = puts("reached the input's hint");
    if (!reached) puts("refused");
}
