// expect: CE or CTL | wall: compile | fact: an object file of exabytes is not written
__asm__(".data\n.space 0x3fffffffffffff, 1\n.text");
int main(void) {}
