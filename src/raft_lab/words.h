// One line of the language, word by word. What does not fit is an error that says what would.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "raft/membership.h"

namespace distkv::raft_lab {

// Ids are one digit, so that a trace stays readable. As many can take part as a group ever had
// voters that were worth waiting for.
inline constexpr std::uint64_t kIdMax = 9;
inline constexpr std::size_t kCoresMax = 7;

// "WHAT; RIGHT would be right"
std::unexpected<base::Error> wrong(const std::string& what, const std::string& right);

// "'x'", cut short, without control bytes.
std::string in_quotes(std::string_view text);
std::string printable(std::string_view text);

// The candidate that differs least from a misspelt word, if that is little.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

struct Range {
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};
base::Result<std::uint64_t> parse_number(std::string_view word, Range range);

// "n1" or "1".
base::Result<raft::ReplicaId> parse_id(std::string_view word);

// ID[w][@REGION][^PRIORITY]: "3", "3w" a witness, "3@2" in region 2, "3^5" with priority 5.
base::Result<raft::Member> parse_member(std::string_view word);

// From whom to whom; kNobody is everybody: "n1->n2", "n1->*".
struct Path {
    raft::ReplicaId from;
    raft::ReplicaId to;

    [[nodiscard]] bool covers(raft::ReplicaId a, raft::ReplicaId b) const {
        return (from == raft::kNobody || from == a) && (to == raft::kNobody || to == b);
    }
};
base::Result<Path> parse_path(std::string_view word);

std::string name_of(raft::ReplicaId id);  // "n1"

class Words {
public:
    explicit Words(std::string_view line) : rest_(line) { skip(); }

    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] std::string_view peek() const { return rest_.substr(0, end_of_word()); }
    std::string_view next();
    bool take(std::string_view word);  // If it is the next one.
    std::string_view rest();           // All that is left, without the blanks around it.

    // The next word as this; without one, an error that asks for `what`.
    base::Result<std::uint64_t> number(std::string_view what, Range range);
    base::Result<raft::ReplicaId> id();
    base::Result<Path> path();
    // A number that may be left out.
    base::Result<std::uint64_t> number_or(std::uint64_t otherwise, Range range);
    base::Result<void> end() const;

private:
    [[nodiscard]] std::size_t end_of_word() const;
    void skip();

    std::string_view rest_;
};

}  // namespace distkv::raft_lab
