// expect: SV acct | wall: seccomp | fact: no log of everybody's processes
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_acct, "/box/program");
}
