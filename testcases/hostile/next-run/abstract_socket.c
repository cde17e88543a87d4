// expect: OK refused | runs: 30 | wall: network | fact: a socket that one run leaves open is closed before the next can find it
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_un name = {AF_UNIX, "\0judge-meeting-place"};
    socklen_t len = sizeof(sa_family_t) + 20;
    int caller = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(caller, (struct sockaddr *)&name, len) == 0) return puts("reached the run before");
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&name, len) != 0 || listen(listener, 1) != 0) return perror("listen"), 1;
    // A holder that outlives its parent, and a descriptor of the listener that is in flight to itself.
    char byte = 0, control[CMSG_SPACE(sizeof listener)];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof listener);
    memcpy(CMSG_DATA(header), &listener, sizeof listener);
    if (connect(caller, (struct sockaddr *)&name, len) != 0 || sendmsg(caller, &message, 0) != 1) return perror("send"), 1;
    if (fork() == 0) {
        setsid();
        for (;;) pause();
    }
    puts("refused");
}
