// expect: SV kcmp | wall: seccomp | fact: objects of the kernel can not be compared with those of another process
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_kcmp, getpid(), getppid(), 0, 0, 0);
}
