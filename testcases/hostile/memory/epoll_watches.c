// expect: OK refused or MLE | wall: memory | fact: watches of descriptors, a hundred in each of a hundred lists in each of 30 processes, are bounded as memory
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    int refused = 0;
    for (int process = 0; process < 30; process++) {
        if (fork() == 0) {
            for (int fd = 0; 0 <= eventfd(0, 0) && fd < 125; fd++) {}
            for (int list; 0 <= (list = epoll_create1(0));) {
                struct epoll_event event = {EPOLLIN, {0}};
                for (int fd = 3; fd < 128; fd++) {
                    if (epoll_ctl(list, EPOLL_CTL_ADD, fd, &event) != 0) _exit(1);
                }
            }
            pause();
        }
    }
    int status;
    wait(&status);
    refused = WIFEXITED(status) && WEXITSTATUS(status) == 1;
    puts(refused ? "refused" : "reached all watches");
}
