// expect: CE | wall: compile | fact: templates that never end are an error
template <int N> struct Deeper { static const int value = Deeper<N + 1>::value; };
int main() { return Deeper<0>::value; }
