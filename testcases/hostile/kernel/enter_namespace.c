// expect: SV setns | wall: seccomp | fact: no other namespace can be entered
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>

int main(void) {
    setns(open("/proc/self/ns/net", O_RDONLY), 0);
}
