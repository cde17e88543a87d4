// expect: OK refused | wall: seccomp | fact: no handle is given out by which a file could be opened past its path
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(void) {
    struct { struct file_handle head; unsigned char inode[128]; } file = {{128, 0}, {0}};
    int mount, reached = 0;
    const char *paths[] = {"/", "/usr", "/usr/bin/gcc", "/proc/self/fd/0"};
    for (int i = 0; i < 4; i++) {
        if (name_to_handle_at(AT_FDCWD, paths[i], &file.head, &mount, AT_SYMLINK_FOLLOW) == 0) reached = printf("reached %s\n", paths[i]);
    }
    if (!reached) puts("refused");
}
