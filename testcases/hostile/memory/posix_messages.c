// expect: OK refused | wall: rlimits | fact: POSIX queues are bounded in number and in bytes
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

int main(void) {
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    int queues = 0;
    for (; queues < 1000; queues++) {
        char name[20];
        snprintf(name, sizeof name, "/queue%d", queues);
        mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
        if (queue < 0) break;
        static char text[8192];
        while (mq_send(queue, text, sizeof text, 0) == 0) {}
    }
    puts(queues < 300 ? "refused" : "reached 300 queues");
}
