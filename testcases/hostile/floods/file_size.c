// expect: RTE file size | wall: rlimits | fact: one file is bounded, holes in it too
#include <fcntl.h>
#include <unistd.h>

int main(void) {
    int fd = open("/tmp/large", O_WRONLY | O_CREAT, 0600);
    ftruncate(fd, 1LL << 40);
}
