// expect: OLE | wall: output | fact: standard error counts as output
#include <unistd.h>

int main(void) {
    static char block[1 << 16];
    for (;;) write(2, block, sizeof block);
}
