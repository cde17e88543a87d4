// expect: CE | wall: compile | fact: the assembler includes no file of the host, so its messages can't quote one
__asm__(".include \"@CANARY@\"");
__asm__(".include \"/etc/shadow\"");
__asm__(".include \"/proc/1/environ\"");
int main(void) {}
