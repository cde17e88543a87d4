// expect: CE or CTL | wall: compile | fact: a constant that takes for ever to compute is given up
constexpr long spin() {
    long sum = 0;
    for (long i = 0; i < 1000000000000; i++)
        sum += i;
    return sum;
}
constexpr long result = spin();
int main() { return result & 1; }
