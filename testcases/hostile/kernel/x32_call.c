// expect: SV a system call of a foreign ABI | wall: seccomp | fact: calls by the x32 ABI, whose numbers mean other things, kill
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(0x40000000 | SYS_getpid);
    puts("reached getpid");
}
