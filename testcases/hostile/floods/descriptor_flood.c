// expect: OK refused | wall: rlimits | fact: descriptors are bounded, and can't be parked in sockets beyond that bound
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int park(int socket, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof fd)];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_DONTWAIT);
}

int main(void) {
    struct rlimit more = {100000, 100000};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) return puts("reached a higher limit");
    int ends[2], opened = 0, parked = 0;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    while (opened < 100000 && 0 <= open("/dev/null", O_RDONLY)) opened++;
    if (errno != EMFILE) return perror("open"), 1;
    while (parked < 100000 && 0 <= park(ends[0], 0)) parked++;
    if (10000 < parked) return puts("reached 10000 parked descriptors");
    puts("refused");
}
