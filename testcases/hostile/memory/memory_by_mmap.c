// expect: MLE | wall: memory | fact: anonymous memory is bounded, whoever of the tree holds it
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 8; i++) {
        if (fork() != 0) continue;
        for (;;) {
            void *block = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (block != MAP_FAILED) memset(block, 1, 1 << 20);
        }
    }
    for (;;) pause();
}
