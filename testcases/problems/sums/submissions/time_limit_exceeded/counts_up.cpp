// Adds by counting: right, and far too slow once the figures are wide.
#include <cstdint>
#include <iostream>

int main() {
    int n;
    std::cin >> n;
    for (std::int64_t a, b; n-- > 0 && std::cin >> a >> b;) {
        volatile std::int64_t sum = a; // volatile, or the compiler sees through the loop
        for (std::int64_t i = 0; i < b; i++) sum = sum + 1;
        for (std::int64_t i = 0; i > b; i--) sum = sum - 1;
        std::cout << sum << '\n';
    }
}
