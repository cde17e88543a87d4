// expect: SV ptrace | wall: seccomp | fact: what a thread of a child asks for is seen as what the program asks for
#define _GNU_SOURCE
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

int main() {
    if (fork() == 0) std::thread([] { ptrace(PTRACE_TRACEME, 0, 0, 0); }).join();
    for (;;) wait(nullptr);
}
