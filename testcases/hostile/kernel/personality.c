// expect: OK refused | wall: seccomp | fact: modes of execution that switch off address randomisation can't be chosen
#include <stdio.h>
#include <sys/personality.h>

int main(void) {
    puts(personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC) == -1 ? "refused" : "reached another personality");
}
