// expect: OK done | wall: pids | fact: who is left when the first process ends is ended with it
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            for (;;) {}
        }
    }
    puts("done");
}
