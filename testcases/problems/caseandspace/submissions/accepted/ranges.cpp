#include <algorithm>
#include <cctype>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

std::string styled(std::string line) {
    char before = ' ';
    for (char &c : line) {
        const auto u = static_cast<unsigned char>(c);
        c = static_cast<char>(before == ' ' ? std::toupper(u) : std::tolower(u));
        before = c;
    }
    return line;
}

int main() {
    int n;
    (std::cin >> n).ignore();
    std::vector<std::string> lines(n);
    for (auto &line : lines) std::getline(std::cin, line);
    const auto width = std::ranges::max(lines | std::views::transform(&std::string::size));
    const std::string rule = "+" + std::string(width + 2, '-') + "+\n";
    std::cout << rule;
    for (const auto &line : lines | std::views::transform(styled)) {
        const auto spare = width - line.size();
        std::cout << "| " << std::string(spare / 2, ' ') << line << std::string(spare - spare / 2, ' ') << " |\n";
    }
    std::cout << rule;
}
