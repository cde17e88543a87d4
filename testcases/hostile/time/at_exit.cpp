// expect: TLE | wall: cpu | fact: time after main, in destructors and handlers of exit, is time of the program
#include <cstdio>
#include <cstdlib>

int main() {
    std::puts("done");
    std::fclose(stdout);
    std::atexit([] { for (volatile int turns = 0;; turns = turns + 1) {} });
}
