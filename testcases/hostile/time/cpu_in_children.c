// expect: TLE | wall: cpu | fact: CPU time that children burn is the program's, though it never waits for them
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            for (;;) {}
        }
    }
    for (;;) pause();
}
