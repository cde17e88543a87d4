// expect: SV a system call of a foreign ABI | wall: seccomp | needs: i386 | fact: calls by the i386 ABI, whose numbers mean other things, kill
int main(void) {
    long number = 20;
    __asm__ volatile("int $0x80" : "+a"(number));
    return number != 0;
}
