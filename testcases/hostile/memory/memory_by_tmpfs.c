// expect: MLE | wall: memory | fact: what lies in a tmpfs is memory of the program
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 16];
    const char *dirs[] = {"/box", "/tmp", "/dev/shm"};
    for (int number = 0; number < 100; number++) {
        for (int i = 0; i < 3; i++) {
            char path[100];
            snprintf(path, sizeof path, "%s/hog%d", dirs[i], number);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            for (int part = 0; part < 32; part++) write(fd, block, sizeof block);
            close(fd);
        }
    }
}
