// expect: SV userfaultfd | wall: seccomp | fact: the kernel can't be made to wait on a page fault at will
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_userfaultfd, 0);
}
