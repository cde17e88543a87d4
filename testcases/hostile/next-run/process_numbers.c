// expect: OK refused | runs: 2 | wall: pids | needs: ns_last_pid | fact: how many processes one run had can't be told from the numbers of the next one's
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    // A run that forks 300 times would leave the number above 300 to the next.
    if (150 < getpid()) return printf("reached the run before, by process %d\n", getpid());
    for (int i = 0; i < 300; i++) {
        if (fork() == 0) _exit(0);
        wait(0);
    }
    puts("refused");
}
