// expect: OLE | wall: output | fact: what children write together is the program's output
#include <unistd.h>

int main(void) {
    static char block[1 << 12];
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            for (;;) write(1 + (i & 1), block, sizeof block);
        }
    }
    for (;;) pause();
}
