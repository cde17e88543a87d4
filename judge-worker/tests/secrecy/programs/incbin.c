/* @CANARY@ */
__asm__(".incbin \"@WANTED@\"");
int main(void) { return 0; }
