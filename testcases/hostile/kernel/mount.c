// expect: SV mount | wall: seccomp | fact: mounts can't be changed
#define _GNU_SOURCE
#include <sys/mount.h>

int main(void) {
    mount("@MARK@", "/box", "tmpfs", 0, "size=1g");
}
