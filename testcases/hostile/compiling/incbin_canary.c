// expect: CE | wall: compile | fact: the assembler sees no file of the host
__asm__(".incbin \"@CANARY@\"\n.incbin \"/etc/shadow\"");
int main(void) {}
