// expect: OK refused | wall: network | fact: datagrams, sent without a connection to a host, a group or to all, reach nobody
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    const char *addresses[] = {"127.0.0.1", "127.255.255.255", "255.255.255.255", "224.0.0.1", "10.0.0.1", "169.254.1.1"};
    int on = 1, reached = 0, socket_ = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(socket_, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct sockaddr_in to = {AF_INET, htons(@PORT@), {0}, {0}};
        inet_pton(AF_INET, addresses[i], &to.sin_addr);
        if (sendto(socket_, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) == 1) reached = printf("reached %s\n", addresses[i]);
    }
    if (!reached) puts("refused");
}
