// expect: MLE | wall: memory | fact: memory files belong to no tmpfs with a size, and are bounded all the same
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 16];
    for (int number = 0; number < 100; number++) {
        int fd = memfd_create("hog", 0);
        for (int part = 0; part < 64; part++) write(fd, block, sizeof block);
    }
}
