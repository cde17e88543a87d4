// expect: SV reboot | wall: seccomp | fact: the machine is not restarted, nor told how to
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_reboot, 0xfee1dead, 672274793, 0 /* CAD_OFF */, 0);
}
