// expect: OK refused | wall: processes | fact: children that have ended and are not waited for count until somebody does
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 1000; i++) {
        pid_t child = vfork();
        if (child == 0) _exit(0);
        if (child < 0) return puts("refused"), 0;
    }
    puts("reached 1000 zombies");
}
