// expect: CE | wall: compile | fact: the compiler's environment holds nothing of the worker's, and reading it as source is an error
#include "/proc/self/environ"
#error the environment is no C
int main(void) {}
