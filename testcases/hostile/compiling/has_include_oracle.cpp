// expect: OK refused | wall: compile | fact: which files the host has can't be asked of the preprocessor
#include <cstdio>
#if __has_include("@CANARY@") || __has_include("/etc/shadow")
#define SEEN "a file of the host"
#elif __has_include("/root/.bashrc") || __has_include("/proc/1/environ") || __has_include("/sys/kernel/notes")
#define SEEN "a secret file"
#elif __has_include("/tmp/../@CANARY@") || __has_include("/proc/self/root/@CANARY@")
#define SEEN "the canary by a detour"
#endif
int main() {
#ifdef SEEN
    std::puts("reached " SEEN);
#else
    std::puts("refused");
#endif
}
