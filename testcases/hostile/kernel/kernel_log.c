// expect: SV syslog | wall: seccomp | fact: the log of the kernel, which tells of others, is out of reach
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char log[64];
    syscall(SYS_syslog, 3 /* read all */, log, sizeof log);
}
