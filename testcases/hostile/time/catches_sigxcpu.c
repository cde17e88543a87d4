// expect: TLE | wall: cpu | fact: the kernel's own limit, which a program may put off or ignore, is not the one that ends it
#include <signal.h>
#include <sys/resource.h>

int main(void) {
    signal(SIGXCPU, SIG_IGN);
    struct rlimit cpu;
    getrlimit(RLIMIT_CPU, &cpu);
    cpu.rlim_cur = cpu.rlim_max;
    setrlimit(RLIMIT_CPU, &cpu);
    for (;;) {}
}
