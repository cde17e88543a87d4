// expect: OK done | wall: tmpfs | fact: a tree far deeper than any path can be long is cleared away with its file system, unwalked
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    const char *dirs[] = {"/box", "/tmp", "/dev/shm"};
    for (int i = 0; i < 3; i++) {
        chdir(dirs[i]);
        // Up to the bound on inodes; 10,000 is more than it.
        for (int depth = 0; depth < 10000; depth++) {
            if (mkdir("d", 0700) != 0 || chdir("d") != 0) break;
        }
    }
    puts("done");
}
