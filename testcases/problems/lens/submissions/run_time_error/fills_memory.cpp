// Rasterises the stage into cells and keeps every cell: 1 GiB, four times the limit. No exit code of its own, since
// the judge ends it; this format has no directory for it but that of the crashes.
#include <iostream>
#include <memory>
#include <vector>

int main() {
    std::vector<std::unique_ptr<std::vector<char>>> rows;
    for (int row = 0; row < 1024; row++) rows.push_back(std::make_unique<std::vector<char>>(1 << 20, 1));
    long lit = 0;
    for (const auto &cells : rows)
        for (char cell : *cells) lit += cell;
    std::cout << lit << '\n';
    return 1;
}
