// expect: MLE | wall: memory | fact: stacks of threads are memory of the program
#include <cstring>
#include <pthread.h>
#include <unistd.h>

static void *fill(void *) {
    char block[12 << 20];
    std::memset(block, 1, sizeof block);
    __asm__ volatile("" : : "r"(block) : "memory");
    for (;;) pause();
}

int main() {
    pthread_attr_t large;
    pthread_attr_init(&large);
    pthread_attr_setstacksize(&large, 16 << 20);
    for (int i = 0; i < 8; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &large, fill, nullptr) != 0) return 1;
    }
    for (;;) pause();
}
