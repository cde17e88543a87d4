// expect: SV pivot_root | wall: seccomp | fact: the root is not exchanged
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_pivot_root, "/box", "/box");
}
