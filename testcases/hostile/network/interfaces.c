// expect: OK refused | wall: network | fact: the loopback stays down, and no interface, route or tunnel is made
#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(void) {
    int socket_ = socket(AF_INET, SOCK_DGRAM, 0), reached = 0;
    struct ifreq loopback = {.ifr_name = "lo"};
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(socket_, SIOCSIFFLAGS, &loopback) == 0) reached = puts("reached the loopback");
    if (ioctl(socket_, SIOCGIFFLAGS, &loopback) == 0 && (loopback.ifr_flags & IFF_UP)) reached = puts("reached a loopback that is up");
    struct sockaddr_in *address = (struct sockaddr_in *)&loopback.ifr_addr;
    *address = (struct sockaddr_in){AF_INET, 0, {htonl(0x0a000001)}, {0}};
    if (ioctl(socket_, SIOCSIFADDR, &loopback) == 0) reached = puts("reached an address");
    struct rtentry route;
    memset(&route, 0, sizeof route);
    if (ioctl(socket_, SIOCADDRT, &route) == 0) reached = puts("reached a route");
    struct if_nameindex *all = if_nameindex();
    for (struct if_nameindex *one = all; one && one->if_index; one++) {
        if (strcmp(one->if_name, "lo") != 0) reached = printf("reached %s\n", one->if_name);
    }
    if (!reached) puts("refused");
}
