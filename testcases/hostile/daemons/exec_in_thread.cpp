// expect: OK done | wall: pids | fact: when a thread starts another program in place of the process, that one is still the run's first
#include <thread>
#include <unistd.h>

int main() {
    std::thread([] { execl("/bin/sh", "sh", "-c", "sleep 1000 & echo done", nullptr); }).join();
}
