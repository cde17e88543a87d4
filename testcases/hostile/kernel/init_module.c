// expect: SV init_module | wall: seccomp | fact: the kernel takes no code
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_init_module, "", 0, "");
}
