// expect: SV fsopen | wall: seccomp | fact: the newer way to mount is as closed as the older one
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_fsopen, "tmpfs", 0);
}
