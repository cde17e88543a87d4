// expect: OK refused | wall: user namespace | fact: nothing can be written, marked or given another mode but in the three tmpfs
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int reached;

static void claim(const char *what, const char *path, int result) {
    if (0 <= result) {
        printf("reached %s %s\n", what, path);
        reached = 1;
    }
}

int main(void) {
    const char *dirs[] = {"/", "/usr", "/usr/bin", "/etc", "/dev", "/proc", "/lib", "/usr/lib/python3"};
    for (unsigned i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/planted", dirs[i]);
        claim("open", path, open(path, O_WRONLY | O_CREAT, 0666));
        claim("mkdir", path, mkdir(path, 0777));
        claim("symlink", path, symlink("/etc/shadow", path));
    }
    const char *files[] = {"@CANARY@", "/usr/bin/gcc", "/bin/sh", "/etc/passwd", "/etc/ld.so.cache", "/proc/self/oom_score_adj"};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        claim("open", files[i], open(files[i], O_WRONLY));
        claim("truncate", files[i], truncate(files[i], 0));
        claim("unlink", files[i], unlink(files[i]));
        claim("link", files[i], link(files[i], "/box/linked"));
    }
    const char *shared[] = {"/dev/null", "/dev/urandom", "/usr/bin/gcc", "/etc/passwd", "/"};
    for (unsigned i = 0; i < sizeof shared / sizeof *shared; i++) {
        claim("chmod", shared[i], chmod(shared[i], 0777));
        claim("utimes", shared[i], utimensat(AT_FDCWD, shared[i], NULL, 0));
        int fd = open(shared[i], O_RDONLY);
        claim("futimens", shared[i], futimens(fd, NULL));
    }
    mode_t device = S_IFBLK | 0666;
    claim("mknod", "/box/disk", mknod("/box/disk", device, (254 << 8)));
    if (!reached) puts("refused");
}
