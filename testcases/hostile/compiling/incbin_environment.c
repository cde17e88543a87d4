// expect: OK refused | wall: compile | fact: what the assembler can embed of its own environment is nothing of the worker's
#include <stdio.h>
#include <string.h>
__asm__(".section .rodata\n.global begin_of_it, end_of_it\n"
        "begin_of_it:\n.incbin \"/proc/self/environ\"\nend_of_it:\n.byte 0\n.text");
extern const char begin_of_it[], end_of_it[];
int main(void) {
    const char *secrets[] = {"JUDGE_", "AMQP", "DATABASE", "AWS_", "CARGO", "SUDO", "/root"};
    for (const char *at = begin_of_it; at < end_of_it; at += strlen(at) + 1)
        for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++)
            if (strstr(at, secrets[i]))
                return printf("reached %s\n", at), 0;
    puts("refused");
}
