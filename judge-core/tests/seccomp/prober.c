// Makes the system calls that its input lists, one a line: a number and six arguments, in decimal.
// Each is made by a child, since some of them end, replace, confuse or stop whoever makes them.
// Prints a line a call: `= VALUE` as it came out of the kernel, `exit CODE` or `signal NUMBER`.
// Calls that would wait for ever are interrupted, but not where there is an argument.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// Not libc's `syscall`: a child of `vfork` would return from it on the stack that it shares.
static inline __attribute__((always_inline)) long call(const unsigned long *c) {
    long value = (long)c[0];
    register unsigned long r10 __asm__("r10") = c[4], r8 __asm__("r8") = c[5], r9 __asm__("r9") = c[6];
    __asm__ volatile("syscall"
                     : "+a"(value)
                     : "D"(c[1]), "S"(c[2]), "d"(c[3]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return value;
}

static struct { volatile int made; volatile long value; } *shared;

static void interrupt(int signal) { (void)signal; }

static void make(const unsigned long *wanted, int patient) {
    static const unsigned long who[7] = {SYS_getpid}, leave[7] = {SYS_exit_group};
    // Again and again, lest a call begins to wait just then.
    struct sigaction action = {.sa_handler = interrupt};
    struct itimerval often = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    if (!patient) setitimer(ITIMER_REAL, &often, NULL);
    volatile long self = call(who);
    long value = call(wanted);
    // A child that the call has made says nothing.
    if (value == 0 && call(who) != self) call(leave);
    shared->value = value;
    shared->made = 1;
    call(leave);
}

int main(int argc, char **argv) {
    (void)argv;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    static char text[1 << 20];
    size_t length = 0;
    for (ssize_t more; 0 < (more = read(0, text + length, sizeof text - 1 - length)); length += more) {}
    for (char *at = text; at < text + length; at++) {
        unsigned long wanted[7];
        for (int i = 0; i < 7; i++) wanted[i] = strtoul(at, &at, 10);
        shared->made = 0;
        pid_t child = fork();
        if (child == 0) make(wanted, 1 < argc);
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child) return 3;
        if (shared->made) printf("= %ld\n", shared->value);
        else if (WIFEXITED(status)) printf("exit %d\n", WEXITSTATUS(status));
        else printf("signal %d\n", WTERMSIG(status));
    }
    return 0;
}
