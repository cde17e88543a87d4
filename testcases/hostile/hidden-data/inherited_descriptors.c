// expect: OK refused | wall: descriptors | fact: of descriptors there are three, and the two for output can't be read
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    for (int fd = 3; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) != -1) reached = printf("reached descriptor %d\n", fd);
    }
    char byte;
    if (0 <= read(1, &byte, 1) || 0 <= read(2, &byte, 1)) reached = puts("reached the other end");
    if (!reached) puts("refused");
}
