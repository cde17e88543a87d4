// expect: OK refused | wall: network | fact: a connection whose first packet carries data, and that needs no call to connect, is not made
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    struct sockaddr_in to = {AF_INET, htons(@PORT@), {htonl(INADDR_LOOPBACK)}, {0}};
    int caller = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    long sent = sendto(caller, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to);
    puts(sent < 0 ? "refused" : "reached the listener");
}
