// expect: CE or CTL | wall: compile | fact: a constant that takes all memory ends the compiler alone
struct Large {
    long all[1 << 26];
    constexpr Large() : all() {
        for (int i = 0; i < 1 << 26; i++)
            all[i] = i * 7;
    }
};
constexpr Large large;
int main() { return large.all[12345] & 1; }
