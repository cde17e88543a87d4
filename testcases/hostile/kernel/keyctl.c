// expect: SV keyctl | wall: seccomp | fact: keyrings, which outlive a run, are out of reach
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_keyctl, 0, -4, 1);
}
