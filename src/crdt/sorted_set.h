// Sorted sets: a score that was set, of which the last writer's shows, and what was added to it. To
// add a member wins over a concurrent removal of it; a removal takes away what it saw of the
// additions. Sums of scores are exact as far as doubles are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "crdt/writer.h"

namespace distkv::crdt {

struct ScoredMember {
    base::Bytes member;
    double score = 0;

    bool operator==(const ScoredMember&) const = default;
};

// How many did not show before. kInvalid for a score that is not a number.
base::Result<Outcome<std::uint64_t>> sorted_set_add(const KeyState& state,
                                                    std::span<const ScoredMember> members,
                                                    const Writer& writer);

// The new score. Only finite increments: what was added must have differences.
base::Result<Outcome<double>> sorted_set_increment(const KeyState& state, base::ByteView member,
                                                   double by, const Writer& writer);

base::Result<Outcome<std::uint64_t>> sorted_set_remove(const KeyState& state,
                                                       std::span<const base::Bytes> members,
                                                       const Writer& writer);

base::Result<std::optional<double>> sorted_set_score(const KeyState& state, base::ByteView member,
                                                     time::Hlc now);
base::Result<std::uint64_t> sorted_set_size(const KeyState& state, time::Hlc now);

// Scores ascending, members of one score in order. They need the whole key.
struct ScoreRange {  // Both ends included.
    double low = 0;
    double high = 0;
};
struct RankRange {  // Both ends included; below zero: from the end.
    std::int64_t first = 0;
    std::int64_t last = -1;
};
base::Result<std::vector<ScoredMember>> sorted_set_by_score(const KeyState& state, ScoreRange range,
                                                            time::Hlc now);
base::Result<std::vector<ScoredMember>> sorted_set_by_rank(const KeyState& state, RankRange range,
                                                           time::Hlc now);

}  // namespace distkv::crdt
