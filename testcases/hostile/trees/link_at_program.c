// expect: OK done | runs: 3 | wall: mounts | fact: a link to a file of the host in the program's place is never followed by who writes the next one
#include <stdio.h>
#include <unistd.h>

int main(void) {
    unlink("/box/program");
    if (symlink("@CANARY@", "/box/program") != 0) return perror("link"), 1;
    rmdir("/box/feedback");
    if (symlink("@CANARY@", "/box/feedback") != 0) return perror("link"), 1;
    puts("done");
}
