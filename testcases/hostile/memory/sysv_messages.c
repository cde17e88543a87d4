// expect: MLE | wall: memory | fact: messages in thousands of SysV queues are memory of who sent them
#include <sys/msg.h>

int main(void) {
    static struct { long kind; char text[8000]; } message = {1, ""};
    for (int queue = 0; queue < 32000; queue++) {
        int id = msgget(IPC_PRIVATE, 0600);
        if (id < 0) return 1;
        while (msgsnd(id, &message, sizeof message.text, IPC_NOWAIT) == 0) {}
    }
    return 2;
}
