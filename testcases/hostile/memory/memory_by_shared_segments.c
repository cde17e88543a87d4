// expect: MLE | wall: memory | fact: SysV segments, which belong to no process, are bounded
#include <string.h>
#include <sys/shm.h>

int main(void) {
    for (int number = 0; number < 32; number++) {
        int id = shmget(IPC_PRIVATE, 8 << 20, IPC_CREAT | 0600);
        void *at = shmat(id, 0, 0);
        if (at != (void *)-1) memset(at, 1, 8 << 20);
        shmdt(at);
    }
}
