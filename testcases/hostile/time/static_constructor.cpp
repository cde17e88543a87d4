// expect: TLE | wall: cpu | fact: time before main is time of the program
struct Early {
    Early() { for (volatile int turns = 0;; turns = turns + 1) {} }
} early;

int main() {}
