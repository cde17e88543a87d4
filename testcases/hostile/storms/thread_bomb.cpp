// expect: RTE processes | wall: processes | fact: threads count as processes
#include <pthread.h>
#include <unistd.h>

static void *hang(void *) {
    for (;;) pause();
}

int main() {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (;;) {
        pthread_t thread;
        if (pthread_create(&thread, &small, hang, nullptr) != 0) return 1;
    }
}
