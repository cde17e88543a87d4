// expect: OK refused | wall: pids | fact: signals reach nobody but the program's own processes
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    kill(-1, SIGKILL);
    for (pid_t pid = 1; pid < 40000; pid++) {
        if (pid != getpid() && kill(pid, SIGKILL) == 0) return printf("reached %d\n", pid);
    }
    if (kill(1, SIGSTOP) == 0 || kill(getppid(), SIGTERM) == 0) return puts("reached the init");
    puts("refused");
}
