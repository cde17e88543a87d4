// expect: TLE | wall: cpu | fact: a program that starts itself again and again, never the same image for long, pays for all of them
#include <unistd.h>

int main(int count, char **arguments) {
    (void)count;
    execv("/proc/self/exe", arguments);
    return 1;
}
