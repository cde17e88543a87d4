// expect: CE or CTL | wall: compile | fact: an assembler that embeds an endless file is ended or finds no length
__asm__(".incbin \"/dev/zero\", 0, 0x7fffffffffff");
int main(void) {}
