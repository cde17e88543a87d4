// expect: OK refused | wall: mounts | fact: the links of /proc, which go past paths, lead nowhere but to what the program has already
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    int reached = 0;
    struct stat ours, theirs;
    stat("/", &ours);
    const char *roots[] = {"/proc/self/root", "/proc/thread-self/root", "/proc/self/task/2/root", "/proc/self/cwd/..", "/proc/1/root", "/proc/1/cwd"};
    for (int i = 0; i < 6; i++) {
        if (stat(roots[i], &theirs) == 0 && (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev)) reached = printf("reached %s\n", roots[i]);
    }
    char path[300], target[300];
    const char *dirs[] = {"/proc/self/fd", "/proc/self/map_files", "/proc/self/ns"};
    for (int i = 0; i < 3; i++) {
        DIR *dir = opendir(dirs[i]);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
            snprintf(path, sizeof path, "%s/%s", dirs[i], entry->d_name);
            long length = readlink(path, target, sizeof target - 1);
            if (length < 0) continue;
            target[length] = 0;
            int fine = strncmp(target, "/box", 4) == 0 || strncmp(target, "/memfd:judge", 12) == 0 || strstr(target, ":[") || strncmp(target, "/proc/", 6) == 0;
            if (!fine) reached = printf("reached %s -> %s\n", path, target);
        }
    }
    if (!reached) puts("refused");
}
