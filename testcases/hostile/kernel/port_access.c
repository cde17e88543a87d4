// expect: SV ioperm | wall: seccomp | fact: ports of the machine are out of reach
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_ioperm, 0x80, 1, 1);
}
