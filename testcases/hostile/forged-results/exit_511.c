// expect: RTE exit 255 | wall: output | fact: of an exit code the low byte counts, and only 0 is well
#include <unistd.h>

int main(void) {
    _exit(256 + 255);
}
