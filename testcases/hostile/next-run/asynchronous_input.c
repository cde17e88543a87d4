// expect: OK refused | wall: seccomp | fact: slots for asynchronous input, of which the whole host has one stock, can't be taken away from others
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    unsigned long context = 0;
    int refused = syscall(SYS_io_setup, 1000, &context) < 0 && errno == ENOSYS;
    puts(refused ? "refused" : "reached the stock");
}
