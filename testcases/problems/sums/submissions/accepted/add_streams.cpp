#include <cstdint>
#include <iostream>

int main() {
    int n;
    std::cin >> n;
    for (std::int64_t a, b; n-- > 0 && std::cin >> a >> b;) std::cout << a + b << '\n';
}
