// expect: SV request_key | wall: seccomp | fact: no key can be asked for, nor the helper that the host would start to make it
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_request_key, "user", "judge", "callout", 0);
}
