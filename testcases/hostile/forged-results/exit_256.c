// expect: RTE exit 255 | wall: output | fact: of an exit code the low byte counts, and only 0 is well
#include <unistd.h>

int main(void) {
    if (fork() == 0) _exit(256);
    _exit(-1);
}
