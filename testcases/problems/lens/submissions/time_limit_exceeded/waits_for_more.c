/* Idle: waits for a signal that nobody sends, so only a limit on wall time ends it. */
#include <unistd.h>

int main(void)
{
    for (;;)
        pause();
}
