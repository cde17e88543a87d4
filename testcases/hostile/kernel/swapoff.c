// expect: SV swapoff | wall: seccomp | fact: the host's swap is not touched
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_swapoff, "/box/none");
}
