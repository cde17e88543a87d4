// expect: CE | wall: compile | fact: the init that started the compiler can't be read through /proc
#include "/proc/1/environ"
#include "/proc/1/cmdline"
#include "/proc/1/root/@CANARY@"
#include "/proc/self/root/@CANARY@"
#include "/proc/self/cwd/../@CANARY@"
int main(void) {}
