// expect: RTE signal 6 | wall: output | fact: an exception that nobody catches is a failure, though the right answer was printed before
#include <cstdio>
#include <stdexcept>

struct Late {
    ~Late() noexcept(false) { throw std::runtime_error("accepted"); }
};

int main() {
    std::puts("done");
    std::fflush(stdout);
    Late late;
}
