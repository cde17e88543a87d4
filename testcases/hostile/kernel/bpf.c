// expect: SV bpf | wall: seccomp | fact: no programs for the kernel
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char attributes[64] = {0};
    syscall(SYS_bpf, 0, attributes, sizeof attributes);
}
