// expect: SV quotactl | wall: seccomp | fact: quotas of the host, which tell of its users, are out of reach
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_quotactl, 0x80000100 /* Q_SYNC */, 0, 0, 0);
}
