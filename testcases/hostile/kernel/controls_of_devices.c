// expect: OK refused | wall: mounts | fact: no terminal takes what a program types for others, and no device or file of the host obeys a control
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void) {
    const char *paths[] = {"/dev/stdin", "/dev/tty", "/dev/ptmx", "/dev/console", "/dev/urandom", "/dev/null", "/usr/bin/gcc", "/usr", "/"};
    const unsigned long controls[] = {
        0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */, 0x540e /* TIOCSCTTY */, 0x5422 /* TIOCNOTTY */, 0x40085203 /* RNDADDENTROPY */,
        0x5204 /* RNDZAPENTCNT */, 0x5206 /* RNDCLEARPOOL */, 0xc0045877 /* FIFREEZE */, 0xc0185879 /* FITRIM */, 0x40086602 /* FS_IOC_SETFLAGS */,
        0x401c5820 /* FS_IOC_FSSETXATTR */, 1 /* FIBMAP */,
    };
    int reached = 0;
    char argument[64] = {0};
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        int fd = open(paths[i], O_RDONLY | O_NONBLOCK);
        for (unsigned j = 0; 0 <= fd && j < sizeof controls / sizeof *controls; j++) {
            if (ioctl(fd, controls[j], argument) == 0) reached = printf("reached %s %lx\n", paths[i], controls[j]);
        }
    }
    if (!reached) puts("refused");
}
