// expect: OK refused | wall: mounts | fact: the writable directories can't be moved, swapped, replaced or removed
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const char *dirs[] = {"/box", "/tmp", "/dev/shm", "/proc", "/usr", "/"};
    int reached = 0;
    for (int i = 0; i < 6; i++) {
        if (rename(dirs[i], "/tmp/moved") == 0 || rename(dirs[i], "/moved") == 0) reached = printf("reached rename %s\n", dirs[i]);
        if (renameat2(AT_FDCWD, dirs[i], AT_FDCWD, "/box", RENAME_EXCHANGE) == 0 && i != 0) reached = printf("reached exchange %s\n", dirs[i]);
        if (rmdir(dirs[i]) == 0) reached = printf("reached rmdir %s\n", dirs[i]);
        if (symlink("/etc", dirs[i]) == 0) reached = printf("reached symlink %s\n", dirs[i]);
    }
    if (!reached) puts("refused");
}
