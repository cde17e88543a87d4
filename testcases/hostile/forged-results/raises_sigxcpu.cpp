// expect: RTE signal 24 | wall: cpu | fact: a signal that a program sends itself is no limit that it met
#include <csignal>

int main() {
    std::raise(SIGXCPU);
}
