// Reads 64 bits, adds in 32: wrong from the group 3-wide on.
#include <cstdint>
#include <iostream>

int main() {
    int n;
    std::cin >> n;
    for (std::int64_t a, b; n-- > 0 && std::cin >> a >> b;)
        std::cout << static_cast<std::int32_t>(static_cast<std::uint32_t>(a + b)) << '\n';
}
