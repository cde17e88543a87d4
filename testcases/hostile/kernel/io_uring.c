// expect: OK refused | wall: seccomp | fact: io_uring, which goes past every filter, is not there
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    char parameters[120] = {0};
    int refused = syscall(SYS_io_uring_setup, 8, parameters) < 0 && errno == ENOSYS;
    puts(refused ? "refused" : "reached io_uring");
}
