// expect: CE | wall: compile | fact: the compiler's standard input is empty, so reading it neither blocks nor tells
#include "/dev/stdin"
#include "/proc/self/fd/0"
#include "/dev/fd/0"
#error there was nothing to read
int main(void) {}
