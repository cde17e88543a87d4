// expect: OK an input | runs: 3 | wall: descriptors | fact: how far one run has read its input does not show in the next, that has the same
#include <stdio.h>
#include <unistd.h>

int main(void) {
    char text[64];
    long length = read(0, text, sizeof text);
    lseek(0, 0, SEEK_END);
    fwrite(text, 1, length, stdout);
}
