// expect: OK done | wall: pids | fact: a process that is stopped, and so takes no signal, is ended when the run is
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0) {
            setsid();
            for (;;) raise(SIGSTOP);
        }
        waitpid(child, 0, WUNTRACED);
    }
    puts("done");
}
