// expect: OK refused | wall: seccomp | fact: memory that even the kernel can't see is not there
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int refused = syscall(447 /* memfd_secret */, 0) < 0 && errno == ENOSYS;
    puts(refused ? "refused" : "reached secret memory");
}
