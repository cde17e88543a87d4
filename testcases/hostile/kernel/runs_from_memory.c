// expect: OK refused | wall: mounts | fact: a program without a file, started from memory, is behind the same walls
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

int main(int count, char **arguments) {
    if (1 < count) return puts(0 <= open(arguments[1], O_RDONLY) || setuid(0) == 0 ? "reached the host" : "refused"), 0;
    int copy = memfd_create("copy", 0), own = open("/proc/self/exe", O_RDONLY);
    while (0 < sendfile(copy, own, 0, 1 << 20)) {}
    fexecve(copy, (char *[]){"copy", "@CANARY@", 0}, (char *[]){0});
    return 1;
}
