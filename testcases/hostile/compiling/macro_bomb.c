// expect: CTL | wall: compile | fact: macros that double exhaust the compiler's limits, and nobody else's
#define A(x) x x x x x x x x x x x x x x x x
#define B(x) A(A(x))
#define C(x) B(B(x))
int main(void) { return 0 C(B(+1)); }
