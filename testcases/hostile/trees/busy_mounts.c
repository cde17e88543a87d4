// expect: OK done | runs: 2 | wall: tmpfs | fact: file systems in use as working directory, mapping and open file by who outlives the run go away all the same
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    const char *dirs[] = {"/box", "/tmp", "/dev/shm"};
    int ready[2];
    if (pipe(ready) != 0) return 1;
    for (int i = 0; i < 3; i++) {
        if (fork() != 0) continue;
        setsid();
        chdir(dirs[i]);
        int fd = open("held", O_RDWR | O_CREAT, 0600);
        unlink("held");
        ftruncate(fd, 1 << 20);
        char *at = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        for (int page = 0; page < 256; page++) at[page << 12] = 1;
        write(ready[1], "x", 1);
        for (;;) pause();
    }
    char byte;
    for (int i = 0; i < 3; i++) read(ready[0], &byte, 1);
    puts("done");
}
