// expect: SV sethostname | wall: seccomp | fact: the name of the machine, which the next run would see, stays
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_sethostname, "@MARK@", 6);
}
