// expect: CTL | wall: compile | fact: a compiler that is made to compute for hours is ended
template <int N> constexpr long work() {
    long sum = N;
    // Within the compiler's own bounds for one expression; there are a thousand.
    for (int i = 0; i < 2000; i++) {
        for (int j = 0; j < 2000; j++) sum += i ^ j;
    }
    return sum + work<N - 1>();
}
template <> constexpr long work<0>() { return 0; }
template <int N> struct Bomb : Bomb<N - 1> { static_assert(work<1>() + N != 0); static constexpr long value = work<2>() + N; };
template <> struct Bomb<0> {};
static_assert(Bomb<800>::value != 0);
int main() {}
