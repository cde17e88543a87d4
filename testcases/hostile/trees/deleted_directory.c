// expect: OK done | runs: 2 | wall: tmpfs | fact: who sits in a directory that is no more, with the program gone too, keeps no run from being the last
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    unlink("/box/program");
    if (mkdir("/box/d", 0700) != 0 || chdir("/box/d") != 0 || rmdir("/box/d") != 0) return perror("d"), 1;
    if (access("/box/program", F_OK) == 0) return puts("reached a program that was deleted");
    puts("done");
}
