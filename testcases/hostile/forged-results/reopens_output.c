// expect: OK refused | wall: descriptors | fact: the pipes that carry output can't be opened again, to read what was written or to widen them
#include <fcntl.h>
#include <stdio.h>

int main(void) {
    const char *paths[] = {"/proc/self/fd/1", "/proc/self/fd/2", "/dev/stdout", "/dev/stderr", "/proc/thread-self/fd/1"};
    int reached = 0;
    for (int i = 0; i < 5; i++) {
        if (0 <= open(paths[i], O_RDONLY | O_NONBLOCK) || 0 <= open(paths[i], O_RDWR)) reached = printf("reached %s\n", paths[i]);
    }
    if (!reached) puts("refused");
}
