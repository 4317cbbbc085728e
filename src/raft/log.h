// The log of one group as the core needs it: terms of all entries, the memberships among them, and
// the entries themselves as far as they are in memory. What is not in memory is on the disk, and
// has to be fetched.
//
//     cut            window                 last
//      │   terms only  │   entries in memory  │
//      ▼───────────────▼──────────────────────▼
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "raft/entry.h"
#include "raft/membership.h"

namespace distkv::raft {

class Log {
public:
    Log(Position cut, Membership at_cut) : cut_(cut), at_cut_(std::move(at_cut)), last_(cut) {}

    [[nodiscard]] Position cut() const { return cut_; }
    [[nodiscard]] std::uint64_t first_index() const { return cut_.index + 1; }
    [[nodiscard]] Position last() const { return last_; }
    [[nodiscard]] std::uint64_t last_index() const { return last_.index; }

    // Nothing below the cut and beyond the end; the cut itself has a term.
    [[nodiscard]] std::optional<std::uint64_t> term_at(std::uint64_t index) const;
    [[nodiscard]] bool holds(Position at) const { return term_at(at.index) == at.term; }

    // The highest position at or below `index` whose term is not above `term`: where two logs may
    // still agree. At least the cut.
    [[nodiscard]] Position agree_below(std::uint64_t index, std::uint64_t term) const;

    // The next index must be last + 1.
    void append(Entry entry);
    // `from` and beyond goes. Must be above the cut.
    void truncate(std::uint64_t from);
    // Up to here everything goes; `index` must be in the log.
    void cut_to(std::uint64_t index);
    void reset(Position cut, Membership at_cut);

    // Entries from `first` to `last`, at most so many bytes (but at least one); nothing when
    // `first` is not in memory.
    [[nodiscard]] std::vector<Entry> read(std::uint64_t first, std::uint64_t last,
                                          std::size_t bytes_max) const;
    [[nodiscard]] bool is_in_memory(std::uint64_t index) const {
        return index > window_before() && index <= last_.index;
    }

    // Lets go of entries in memory, oldest first, up to `keep_above`, until the rest fits.
    void shrink(std::uint64_t keep_above, std::size_t bytes_max);
    [[nodiscard]] std::size_t bytes_in_memory() const { return window_bytes_; }

    // The membership after everything up to `index`, and where it was decided.
    struct Decided {
        std::uint64_t index = 0;  // The cut's when no entry changed it since.
        const Membership* membership = nullptr;
    };
    [[nodiscard]] Decided membership_at(std::uint64_t index) const;
    // The first change above `index`.
    [[nodiscard]] std::optional<std::uint64_t> change_above(std::uint64_t index) const;

    // Of each entry from the first.
    [[nodiscard]] std::vector<std::uint64_t> terms() const;

    // What is known about entries that stay on the disk: at the start.
    void append_known(Position at);
    void note_membership(std::uint64_t index, Membership membership) {
        memberships_[index] = std::move(membership);
    }

private:
    [[nodiscard]] std::uint64_t window_before() const { return last_.index - window_.size(); }
    void grow_terms(Position at);

    Position cut_;
    Membership at_cut_;
    Position last_;
    std::deque<Position> runs_;  // Where each new term begins, behind the cut.
    std::deque<Entry> window_;   // The newest entries.
    std::size_t window_bytes_ = 0;
    std::map<std::uint64_t, Membership> memberships_;  // Behind the cut.
};

}  // namespace distkv::raft
