// expect: CE | wall: compile | fact: the compiler sees no file of the host, so its messages can't show one
#include "@CANARY@"
#include "/etc/shadow"
#include "/proc/1/environ"
int main(void) {}
