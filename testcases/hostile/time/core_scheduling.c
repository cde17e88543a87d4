// expect: OK refused | wall: seccomp | fact: no program keeps the other thread of its core from others by a label of its own
#include <stdio.h>
#include <sys/prctl.h>

int main(void) {
    puts(prctl(62 /* PR_SCHED_CORE */, 1 /* create */, 0, 0, 0) == 0 ? "reached a core of its own" : "refused");
}
