// expect: CE | wall: compile | fact: a file that includes itself without end is an error
#include __FILE__
int main(void) {}
