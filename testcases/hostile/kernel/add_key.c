// expect: SV add_key | wall: seccomp | fact: nothing can be left in a keyring, where the next run of the same user would find it
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    syscall(SYS_add_key, "user", "@MARK@", "answer", 6, -4 /* KEY_SPEC_USER_KEYRING */);
}
