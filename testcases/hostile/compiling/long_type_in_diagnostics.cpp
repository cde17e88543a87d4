// expect: CE or CTL | wall: compile | fact: an error that names a type of megabytes is bounded
template <class A, class B> struct Pair {};
template <int N, class T> struct Twice { using type = typename Twice<N - 1, Pair<T, Pair<T, int>>>::type; };
template <class T> struct Twice<0, T> { using type = T; };
int main() { return Twice<18, int>::type(); }
