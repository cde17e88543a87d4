// expect: SV process_vm_readv | wall: seccomp | fact: looking into another process is forbidden
#define _GNU_SOURCE
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
    char bytes[16];
    struct iovec ours = {bytes, sizeof bytes}, theirs = {(void *)0x400000, sizeof bytes};
    process_vm_readv(getppid(), &ours, 1, &theirs, 1, 0);
}
