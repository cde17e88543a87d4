// expect: OK refused | wall: mounts | fact: neither files of the host nor the input get a second name, nor a file a name on another file system
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    const char *files[] = {"/usr/bin/gcc", "/bin/sh", "/dev/null", "/proc/self/exe", "/proc/self/fd/0", "/proc/self/fd/1", "@CANARY@"};
    for (int i = 0; i < 7; i++) {
        if (linkat(AT_FDCWD, files[i], AT_FDCWD, "/box/linked", AT_SYMLINK_FOLLOW) == 0 && i != 3) reached = printf("reached %s\n", files[i]);
        unlink("/box/linked");
    }
    if (linkat(0, "", AT_FDCWD, "/box/linked", AT_EMPTY_PATH) == 0) reached = puts("reached the input");
    if (link("/box/program", "/tmp/linked") == 0) reached = puts("reached another file system");
    if (!reached) puts("refused");
}
