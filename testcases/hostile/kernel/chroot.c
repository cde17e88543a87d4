// expect: SV chroot | wall: seccomp | fact: no other root, below which set-uid programs would read files of ours
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_chroot, "/box");
}
