// expect: OK refused or MLE | wall: tmpfs | fact: room that is set aside without being written is bounded and counted
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 100; i++) {
        char name[40];
        snprintf(name, sizeof name, "/tmp/%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0 || fallocate(fd, 0, 0, 8 << 20) != 0) return puts("refused"), 0;
        close(fd);
    }
    puts("reached 800 MB");
}
