// expect: OK refused | wall: seccomp | fact: numbers that nobody knows are not there, and do not end the program
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    const long numbers[] = {511, 1000, 0x3fffffff, 0x80000000, 0xc0000000 | SYS_getpid, -1};
    int reached = 0;
    for (int i = 0; i < 6; i++) {
        if (0 <= syscall(numbers[i], 0, 0, 0, 0) || errno != ENOSYS) reached = printf("reached %lx\n", numbers[i]);
    }
    if (!reached) puts("refused");
}
