// expect: SV open_tree | wall: seccomp | fact: a part of the tree can not be copied to be changed
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_open_tree, -100, "/", 1 /* OPEN_TREE_CLONE */);
}
