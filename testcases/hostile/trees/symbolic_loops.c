// expect: OK done | runs: 2 | wall: tmpfs | fact: loops of links under every name that a run could bring leave the next one's files as they should be
#include <stdio.h>
#include <unistd.h>

int main(void) {
    unlink("/box/program");
    const char *names[] = {"program", "main.c", "main.py", "Main.java", "Main.class", "main.js", "feedback", "input", "answer"};
    for (int i = 0; i < 9; i++) {
        char path[100], next[100];
        snprintf(path, sizeof path, "/box/%s", names[i]);
        snprintf(next, sizeof next, "/box/%s", names[(i + 1) % 9]);
        if (symlink(next, path) != 0) return perror(path), 1;
    }
    puts("done");
}
