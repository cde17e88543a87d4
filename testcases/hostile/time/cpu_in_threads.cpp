// expect: TLE | wall: cpu | fact: threads that burn side by side pay for all of them
#include <thread>
#include <unistd.h>

int main() {
    for (int i = 0; i < 4; i++) std::thread([] { for (volatile int turns = 0;; turns = turns + 1) {} }).detach();
    for (;;) pause();
}
