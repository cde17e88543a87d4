// expect: OK refused | runs: 2 | wall: ipc | fact: nothing that one run leaves, in whatever name space, is there in the next
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

int main(void) {
    const char *files[] = {"/tmp/left", "/dev/shm/left", "/box/left", "/var/tmp/left", "/run/left", "/dev/mqueue/left"};
    int found = 0;
    for (int i = 0; i < 6; i++) {
        if (access(files[i], F_OK) == 0) found = printf("reached %s\n", files[i]);
        int fd = open(files[i], O_WRONLY | O_CREAT, 0666);
        if (0 <= fd) write(fd, "left", 4);
    }
    if (0 <= shmget(4711, 0, 0)) found = puts("reached a segment");
    if (0 <= semget(4711, 0, 0)) found = puts("reached a semaphore");
    if (0 <= msgget(4711, 0)) found = puts("reached a message queue");
    if (0 <= mq_open("/left", O_RDONLY)) found = puts("reached a POSIX message queue");
    int id = shmget(4711, 16 << 20, IPC_CREAT | 0666);
    void *at = shmat(id, 0, 0);
    if (at != (void *)-1) memset(at, 1, 16 << 20);
    int left = 0 <= id && 0 <= semget(4711, 1, IPC_CREAT | 0666) && 0 <= msgget(4711, IPC_CREAT | 0666);
    if (!left) return perror("leave"), 1;
    mq_open("/left", O_RDWR | O_CREAT, 0666, 0);
    if (!found) puts("refused");
}
