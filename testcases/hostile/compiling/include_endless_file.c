// expect: CTL | wall: compile | fact: a source that never ends exhausts the compiler's memory, and nobody else's
#include "/dev/zero"
int main(void) {}
