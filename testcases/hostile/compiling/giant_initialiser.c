// expect: CE or CTL | wall: compile | fact: an initialiser of gigabytes exhausts the compiler's limits
int many[1 << 29] = {[0 ... (1 << 29) - 1] = 7};
int main(void) { return many[3]; }
