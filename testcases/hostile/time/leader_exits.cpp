// expect: TLE | wall: cpu | fact: a process whose first thread has ended, so that it looks like a zombie, goes on and pays
#include <pthread.h>
#include <thread>

int main() {
    std::thread([] { for (volatile int turns = 0;; turns = turns + 1) {} }).detach();
    pthread_exit(nullptr);
}
