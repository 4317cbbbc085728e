#include "raft_lab/words.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace distkv::raft_lab {

using base::Errc;
using base::Result;

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kQuotedMax = 60;
constexpr std::size_t kSlipsMax = 2;

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::unexpected<base::Error> wrong(const std::string& what, const std::string& right) {
    return base::fail(Errc::kInvalid, what + "; " + right + " would be right");
}

std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const auto byte = static_cast<unsigned char>(c);
        c = byte < 0x20 || byte == 0x7F ? '?' : c;
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    return "'" + printable(text.substr(0, kQuotedMax)) + (text.size() > kQuotedMax ? "...'" : "'");
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t best_distance = kSlipsMax + 1;
    for (const std::string_view candidate : candidates) {
        // Far longer words are never near, and would take long to compare.
        const bool may = word.size() <= candidate.size() + kSlipsMax;
        const std::size_t slips = may ? distance(word, candidate) : best_distance;
        if (slips < best_distance && slips < candidate.size()) {
            best = candidate;
            best_distance = slips;
        }
    }
    return best;
}

Result<std::uint64_t> parse_number(std::string_view word, Range range) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = error == std::errc() && end == word.data() + word.size();
    if (!is_number || number < range.min || number > range.max) {
        const std::string from = std::to_string(range.min);
        return wrong(in_quotes(word) + " is no number that can stand here",
                     range.max == UINT64_MAX ? from + " or more"
                                             : from + " to " + std::to_string(range.max));
    }
    return number;
}

Result<raft::ReplicaId> parse_id(std::string_view word) {
    const std::string_view digits = word.substr(word.starts_with('n') ? 1 : 0);
    const Result<std::uint64_t> id = parse_number(digits, {1, kIdMax});
    if (!id) {
        return wrong(in_quotes(word) + " names no core", "n1 to n9");
    }
    return raft::ReplicaId{*id};
}

Result<raft::Member> parse_member(std::string_view word) {
    const std::string right =
        "an id, perhaps with w (a witness), @REGION and ^PRIORITY, like 3 or 3w or 3@2^5,";
    const std::size_t id_end = std::min(word.find_first_of("w@^"), word.size());
    const Result<raft::ReplicaId> id = parse_id(word.substr(0, id_end));
    if (!id) {
        return wrong(in_quotes(word) + " is no member", right);
    }
    raft::Member member{.id = *id};
    std::string_view rest = word.substr(id_end);
    if (rest.starts_with('w')) {
        member.witness = true;
        rest.remove_prefix(1);
    }
    while (!rest.empty()) {
        const char sign = rest.front();
        rest.remove_prefix(1);
        const std::string_view digits = rest.substr(0, rest.find_first_of("@^"));
        const Result<std::uint64_t> number = parse_number(digits, {0, 1000});
        if (!number || (sign != '@' && sign != '^')) {
            return wrong(in_quotes(word) + " is no member", right);
        }
        if (sign == '@') {
            member.region = raft::RegionLabel{*number};
        } else {
            member.priority = *number;
        }
        rest.remove_prefix(digits.size());
    }
    return member;
}

Result<Path> parse_path(std::string_view word) {
    const auto end = [](std::string_view name) -> Result<raft::ReplicaId> {
        return name == "*" ? raft::kNobody : parse_id(name);
    };
    const std::size_t arrow = word.find("->");
    if (arrow != std::string_view::npos) {
        const auto from = end(word.substr(0, arrow));
        const auto to = end(word.substr(arrow + 2));
        if (from && to) {
            return Path{*from, *to};
        }
    }
    return wrong(in_quotes(word) + " does not say from whom to whom", "n1->n2, n1->* or *->n2");
}

std::string name_of(raft::ReplicaId id) {
    return "n" + to_string(id);
}

std::size_t Words::end_of_word() const {
    return std::min(rest_.find_first_of(kBlanks), rest_.size());
}

void Words::skip() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
}

std::string_view Words::next() {
    const std::string_view word = peek();
    rest_.remove_prefix(word.size());
    skip();
    return word;
}

bool Words::take(std::string_view word) {
    const bool is_next = !done() && peek() == word;
    if (is_next) {
        next();
    }
    return is_next;
}

std::string_view Words::rest() {
    const std::size_t last = rest_.find_last_not_of(kBlanks);
    return std::exchange(rest_, {}).substr(0, last == std::string_view::npos ? 0 : last + 1);
}

Result<std::uint64_t> Words::number(std::string_view what, Range range) {
    if (done()) {
        return wrong("the line ends too early", std::string(what));
    }
    return parse_number(next(), range);
}

Result<std::uint64_t> Words::number_or(std::uint64_t otherwise, Range range) {
    return done() ? otherwise : parse_number(next(), range);
}

Result<raft::ReplicaId> Words::id() {
    if (done()) {
        return wrong("the line ends too early", "the name of a core, n1 to n9,");
    }
    return parse_id(next());
}

Result<Path> Words::path() {
    if (done()) {
        return wrong("the line ends too early", "n1->n2, n1->* or *->n2");
    }
    return parse_path(next());
}

Result<void> Words::end() const {
    if (!done()) {
        return wrong(in_quotes(rest_) + " is too much", "the end of the line");
    }
    return {};
}

}  // namespace distkv::raft_lab
