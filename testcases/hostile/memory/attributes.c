// expect: OK refused or MLE | wall: tmpfs | fact: attributes of files, which take no block of a tmpfs, are bounded
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

int main(void) {
    static char value[60000];
    for (int file = 0; file < 4000; file++) {
        char name[40];
        snprintf(name, sizeof name, "/tmp/%d", file);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0 || fsetxattr(fd, "user.hog", value, sizeof value, 0) != 0) return puts("refused"), 0;
        close(fd);
    }
    puts("reached 240 MB of attributes");
}
