// expect: CE | wall: compile | fact: the compiler has no terminal to wait for
#include "/dev/tty"
#include "/dev/console"
int main(void) {}
