// expect: SV pidfd_getfd | wall: seccomp | fact: descriptors of another process can not be taken from it
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, getppid(), 0), 3, 0);
}
