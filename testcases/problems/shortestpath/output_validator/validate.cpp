// Checks the hours and the way of a quickest way, or the claim that there is none.
//
//     validate input_file answer_file feedback_dir/ < team_output
//
// Exits with 42 (right) or 43 (wrong) whatever the team printed: tokens are read with a bound on their length, a number
// is taken only as plain digits that fit, and reading stops at the first fault. Any other exit code means that the
// package or the call is broken, never the submission.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace {

constexpr int accepted = 42;
constexpr int wrong_answer = 43;
constexpr int broken = 1;

// 200,000 towns of 10^9 hours make 15 digits; no right answer has a longer token.
constexpr std::size_t longest_token = 15;

struct Track {
    std::int64_t from, to, hours;
    auto key() const { return std::tie(from, to, hours); }
};

[[noreturn]] void judge_error(const std::string &message) {
    std::cerr << message << '\n';
    std::exit(broken);
}

// Tells the judges. The judgement stands even if they can't be told.
[[noreturn]] void reject(const std::string &feedback_dir, const std::string &message) {
    std::ofstream(feedback_dir + "/judgemessage.txt", std::ios::app) << message << '\n';
    std::exit(wrong_answer);
}

bool is_space(int c) { return c == ' ' || ('\t' <= c && c <= '\r'); }

// The next token of the team; empty at the end of its output. Characters past the longest useful token are dropped, but
// the token stays too long to be anything.
std::string next_token() {
    int c = std::getchar();
    while (is_space(c)) c = std::getchar();
    std::string token;
    for (; c != EOF && !is_space(c); c = std::getchar())
        if (token.size() <= longest_token) token.push_back(static_cast<char>(c));
    return token;
}

// A number without sign or leading zero, or nothing.
std::optional<std::int64_t> as_number(const std::string &token) {
    if (token.empty() || token.size() > longest_token || (token[0] == '0' && token.size() > 1)) return std::nullopt;
    std::int64_t value = 0;
    for (char c : token) {
        if (c < '0' || '9' < c) return std::nullopt;
        value = 10 * value + (c - '0');
    }
    return value;
}

// The tracks in both directions, sorted, so that the quickest between two towns is the first of them.
std::vector<Track> read_tracks(const char *path, std::int64_t &towns) {
    std::ifstream in(path);
    std::int64_t count = 0;
    if (!(in >> towns >> count)) judge_error("the input file has no first line");
    std::vector<Track> tracks;
    for (Track t{}; count > 0 && in >> t.from >> t.to >> t.hours; count--) {
        tracks.push_back(t);
        tracks.push_back({t.to, t.from, t.hours});
    }
    if (count != 0) judge_error("the input file has too few tracks");
    std::sort(tracks.begin(), tracks.end(), [](const Track &a, const Track &b) { return a.key() < b.key(); });
    return tracks;
}

std::optional<std::int64_t> quickest_track(const std::vector<Track> &tracks, std::int64_t from, std::int64_t to) {
    const Track wanted{from, to, 0};
    auto found = std::lower_bound(tracks.begin(), tracks.end(), wanted,
                                  [](const Track &a, const Track &b) { return a.key() < b.key(); });
    if (found == tracks.end() || found->from != from || found->to != to) return std::nullopt;
    return found->hours;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 4) judge_error("usage: validate input_file answer_file feedback_dir/ < team_output");
    const std::string feedback_dir = argv[3];
    std::string judge_word;
    if (!(std::ifstream(argv[2]) >> judge_word)) judge_error("the answer file is empty");
    const auto judge_hours = as_number(judge_word);

    const std::string first = next_token();
    if (first == "unreachable") {
        if (!next_token().empty()) reject(feedback_dir, "more output after 'unreachable'");
        if (judge_hours) reject(feedback_dir, "claims that the port is unreachable, but it is not");
        return accepted;
    }
    const auto claimed = as_number(first);
    if (!claimed) reject(feedback_dir, "the first token is neither a number of hours nor 'unreachable'");
    if (judge_hours && *claimed > *judge_hours)
        reject(feedback_dir, std::to_string(*claimed) + " hours, but there is a quicker way");

    std::int64_t towns = 0;
    const auto tracks = read_tracks(argv[1], towns);
    std::int64_t at = 0, passed = 0, hours = 0;
    for (std::string token = next_token(); !token.empty(); token = next_token()) {
        const auto town = as_number(token);
        if (!town || *town < 1 || towns < *town)
            reject(feedback_dir, "entry " + std::to_string(passed + 1) + " of the way is not a town");
        if (passed == 0) {
            if (*town != 1) reject(feedback_dir, "the way starts in town " + token + ", not in town 1");
        } else {
            const auto step = quickest_track(tracks, at, *town);
            if (!step) reject(feedback_dir, "no track from town " + std::to_string(at) + " to town " + token);
            hours += *step;
        }
        at = *town;
        // No quickest way visits a town twice: this also bounds the sum, and how long an endless way is followed.
        if (++passed > towns) reject(feedback_dir, "the way has more entries than there are towns");
    }
    if (at != towns) reject(feedback_dir, "the way does not end in town " + std::to_string(towns));
    if (hours != *claimed)
        reject(feedback_dir, "the way takes " + std::to_string(hours) + " hours, not " + first);
    if (!judge_hours || hours < *judge_hours) judge_error("the submission found a quicker way than the answer file");
    return accepted;
}
