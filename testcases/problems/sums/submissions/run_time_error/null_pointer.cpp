// SIGSEGV: writes through a null pointer.
#include <iostream>

int main() {
    int n;
    std::cin >> n;
    volatile int *first = nullptr;
    *first = n;
}
