// expect: SV open_by_handle_at | wall: seccomp | fact: files are opened by path, which ends at the root, and never by handle
#define _GNU_SOURCE
#include <fcntl.h>

int main(void) {
    struct { struct file_handle head; unsigned char inode[8]; } root = {{8, 1}, {2}};
    open_by_handle_at(AT_FDCWD, &root.head, O_RDONLY);
}
