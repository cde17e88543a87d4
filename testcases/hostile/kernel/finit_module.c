// expect: SV finit_module | wall: seccomp | fact: the kernel takes no code from the input either
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_finit_module, 0, "", 0);
}
