// expect: SV kexec_load | wall: seccomp | fact: the machine starts no other kernel
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_kexec_load, 0, 0, 0, 0);
}
