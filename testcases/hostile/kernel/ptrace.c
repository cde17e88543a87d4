// expect: SV ptrace | wall: seccomp | fact: driving another process is forbidden, though it be one's own child
#include <sys/ptrace.h>
#include <unistd.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    ptrace(PTRACE_ATTACH, child, 0, 0);
}
