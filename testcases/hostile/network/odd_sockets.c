// expect: OK refused | wall: seccomp | fact: no raw socket, and no family that is not fenced in by the network namespace
#include <stdio.h>
#include <sys/socket.h>
#include <netinet/in.h>

int main(void) {
    const int tries[][3] = {
        {AF_INET, SOCK_RAW, IPPROTO_ICMP}, {AF_INET, SOCK_RAW, IPPROTO_RAW}, {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
        {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, {AF_PACKET, SOCK_RAW, 0x0300}, {AF_NETLINK, SOCK_RAW, 0},
        {40 /* AF_VSOCK */, SOCK_STREAM, 0}, {38 /* AF_ALG */, SOCK_SEQPACKET, 0}, {31 /* AF_BLUETOOTH */, SOCK_RAW, 0},
        {29 /* AF_CAN */, SOCK_RAW, 1}, {44 /* AF_XDP */, SOCK_RAW, 0}, {15 /* AF_KEY */, SOCK_RAW, 2},
    };
    int reached = 0;
    for (unsigned i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (0 <= socket(tries[i][0], tries[i][1], tries[i][2])) reached = printf("reached %d %d\n", tries[i][0], tries[i][1]);
    }
    if (!reached) puts("refused");
}
