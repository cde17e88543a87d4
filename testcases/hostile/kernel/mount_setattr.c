// expect: SV mount_setattr | wall: seccomp | fact: what is read-only is not made writable
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char attributes[32] = {0};
    syscall(SYS_mount_setattr, -100, "/usr", 0, attributes, sizeof attributes);
}
