// expect: CE or CTL | wall: compile | fact: what a compiler writes is bounded
char large[1 << 30] = {1};
char larger[1 << 30] = {1};
int main(void) { return large[1] + larger[1]; }
