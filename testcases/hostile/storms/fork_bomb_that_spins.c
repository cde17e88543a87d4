// expect: TLE | wall: cpu | fact: a bomb whose parts all keep trying pays for the CPU time of all of them
#include <unistd.h>

int main(void) {
    for (;;) fork();
}
