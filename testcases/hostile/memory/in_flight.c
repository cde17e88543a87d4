// expect: OK done | runs: 3 | wall: memory | fact: memory whose last descriptor is on its way to itself is freed before the next run is charged for it
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    for (int i = 0; i < 4; i++) {
        int ends[2], file = memfd_create("hog", 0);
        for (int part = 0; part < 10; part++) write(file, block, sizeof block);
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return 1;
        // The socket holds itself, the other end and the file, and nobody else does afterwards.
        int fds[3] = {ends[0], ends[1], file};
        char byte = 0, control[CMSG_SPACE(sizeof fds)];
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fds);
        memcpy(CMSG_DATA(header), fds, sizeof fds);
        if (sendmsg(ends[0], &message, 0) != 1) return perror("send"), 1;
        for (int fd = 0; fd < 3; fd++) close(fds[fd]);
    }
    puts("done");
}
