// expect: OK done | runs: 2 | wall: memory | fact: what the kernel remembers of names that do not exist is charged to who asked, and not to who comes next
#include <stdio.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 200000; i++) {
        char path[100];
        snprintf(path, sizeof path, "/usr/share/%d-a-name-too-long-to-stand-in-the-entry-itself", i);
        access(path, F_OK);
    }
    puts("done");
}
