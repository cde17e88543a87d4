// expect: OK done | wall: pids | fact: how children end, by every signal there is, does not rub off on their parent
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    for (int number = 1; number < 65; number++) {
        if (fork() == 0) {
            signal(number, SIG_DFL);
            raise(number);
            _exit(0);
        }
        // A child that stopped itself is left as it is.
        int status;
        waitpid(-1, &status, WUNTRACED);
    }
    puts("done");
}
