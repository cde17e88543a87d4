// expect: CE or CTL | wall: compile | fact: macros of the assembler that call themselves are ended
__asm__(".macro more\nmore\nmore\n.endm\nmore");
int main(void) {}
