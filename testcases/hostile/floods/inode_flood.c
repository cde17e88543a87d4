// expect: OK refused | wall: tmpfs | fact: files without content are bounded by their number
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const char *dirs[] = {"/box", "/tmp", "/dev/shm"};
    for (int i = 0; i < 3; i++) {
        int number = 0;
        for (;; number++) {
            char path[100];
            snprintf(path, sizeof path, "%s/f%d", dirs[i], number);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            if (fd < 0) break;
            close(fd);
            if (100000 < number) return puts("reached 100000 files");
        }
        if (errno != ENOSPC) return perror(dirs[i]), 1;
    }
    puts("refused");
}
