// expect: MLE | wall: memory | fact: memory that processes share is bounded too
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
    char *shared = mmap(0, 1 << 30, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 1;
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            memset(shared + (i << 24), 1, 1 << 24);
            for (;;) pause();
        }
    }
    for (;;) pause();
}
