// expect: CE or CTL | wall: compile | fact: an assembler that repeats without end is ended
__asm__(".rept 100000\n.rept 100000\n.quad 1, 2, 3, 4\n.endr\n.endr");
int main(void) {}
