// expect: CTL | wall: compile | fact: a source of endless noise exhausts the compiler, and nobody else
#include "/dev/random"
int main(void) {}
