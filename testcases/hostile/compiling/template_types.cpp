// expect: CTL | wall: compile | fact: a type as large as memory ends the compiler alone
template <class A, class B> struct Pair {};
template <int N, class T> struct Twice { using type = typename Twice<N - 1, Pair<T, Pair<T, int>>>::type; };
template <class T> struct Twice<0, T> { using type = T; };
template <class T> const char *name() { return __PRETTY_FUNCTION__; }
int main() { return name<Twice<40, int>::type>()[0]; }
