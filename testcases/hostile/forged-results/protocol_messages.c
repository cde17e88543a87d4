// expect: RTE exit 3 | wall: descriptors | fact: no descriptor leads to those that report how a run ended
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    char message[256];
    const char *json = "{\"Ended\":{\"report\":{\"exit\":{\"Code\":0},\"wall\":{\"secs\":0,\"nanos\":1}},\"files\":[]}}";
    uint32_t len = strlen(json);
    memcpy(message, &len, sizeof len);
    memcpy(message + sizeof len, json, len);
    for (int fd = 0; fd < 4096; fd++) {
        send(fd, json, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (2 < fd) write(fd, message, len + sizeof len);
    }
    return 3;
}
