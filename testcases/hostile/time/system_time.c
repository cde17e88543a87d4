// expect: TLE | wall: cpu | fact: time that the kernel works for a program is the program's
#include <fcntl.h>
#include <unistd.h>

int main(void) {
    static char block[1 << 20];
    int fd = open("/dev/zero", O_RDONLY);
    for (;;) read(fd, block, sizeof block);
}
