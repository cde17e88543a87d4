// expect: SV a system call of a foreign ABI | wall: seccomp | fact: who plays the victim of the filter only accuses itself
#include <signal.h>

int main(void) {
    raise(SIGSYS);
}
