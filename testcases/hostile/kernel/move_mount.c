// expect: SV move_mount | wall: seccomp | fact: nothing can be moved over what is there
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_move_mount, 0, "", -100, "/box", 4);
}
