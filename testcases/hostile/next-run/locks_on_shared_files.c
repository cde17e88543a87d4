// expect: OK refused | wall: seccomp | fact: locks, leases and watches on files that all sandboxes see are no channel between them
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>

int main(void) {
    int reached = 0;
    int fd = open("/usr/bin/gcc", O_RDONLY);
    struct flock range = {.l_type = F_RDLCK};
    if (flock(fd, LOCK_SH) == 0) reached = puts("reached flock");
    if (fcntl(fd, F_SETLK, &range) == 0 || fcntl(fd, F_GETLK, &range) == 0) reached = puts("reached a lock");
    if (fcntl(fd, F_OFD_SETLK, &range) == 0) reached = puts("reached a lock of a description");
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) reached = puts("reached a lease");
    if (fcntl(open("/usr", O_RDONLY), F_NOTIFY, DN_ACCESS) == 0) reached = puts("reached a notice");
    if (0 <= inotify_add_watch(inotify_init(), "/usr/bin", IN_OPEN)) reached = puts("reached a watch");
    if (!reached) puts("refused");
}
