// expect: OK refused | wall: seccomp | fact: of the internet protocols TCP and UDP are there; others are rare code, and loading it can be had by asking
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    const int protocols[] = {2, 33 /* DCCP */, 108, 115 /* L2TP */, 132 /* SCTP */, 136 /* UDP-Lite */, 256 /* SMC */, 262 /* MPTCP */};
    const int kinds[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, 6 /* SOCK_DCCP */};
    int reached = 0;
    for (int i = 0; i < 8; i++) {
        for (int kind = 0; kind < 5; kind++) {
            for (int family = 2; family <= 10; family += 8) {
                if (0 <= socket(family, kinds[kind], protocols[i])) reached = printf("reached protocol %d\n", protocols[i]);
            }
        }
    }
    if (!reached) puts("refused");
}
