// What hostile programs do much of: calls of the kernel, children, and memory used for the first time.
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    for (int call = 0; call < 50000; call++) getppid();
    for (int child = 0; child < 50; child++) {
        if (fork() == 0) {
            memset(malloc(400000), child + 1, 400000);
            _exit(0);
        }
        wait(0);
    }
}
