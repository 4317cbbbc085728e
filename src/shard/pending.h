// Who waits for what has not been applied yet. Pure.
//
// A proposal's fate is known for certain in three ways only: its own entry is applied; an entry of
// a later term is applied at its place or before it, because then no log can hold it any more; or a
// snapshot has skipped its place, and nobody can tell.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/result.h"
#include "raft/entry.h"

namespace distkv::shard {

// The number of a world::PendingCalls::Call.
using CallNumber = std::uint64_t;

struct Settled {
    CallNumber call = 0;
    base::Result<raft::Position> outcome;
};

class PendingProposals {
public:
    void add(raft::Position at, CallNumber call);

    // These entries have been applied; `at` rises.
    void applied(raft::Position at, std::vector<Settled>& settled);

    // A snapshot that holds everything up to `at` has taken the place of the log.
    void skipped(raft::Position at, std::vector<Settled>& settled);

    // All of them; whether they took place is not known.
    void abandon(const std::string& why, std::vector<Settled>& settled);

    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

private:
    struct Waiting {
        raft::Position at;
        CallNumber call = 0;
    };
    std::deque<Waiting> waiting_;  // By index.
};

// Reads that may be answered once everything up to an index has been applied.
class PendingReads {
public:
    void add(std::uint64_t index, CallNumber call) { waiting_.emplace(index, call); }
    std::vector<CallNumber> applied(std::uint64_t index);
    std::vector<CallNumber> abandon();
    void remove(std::uint64_t index, CallNumber call);

private:
    std::multimap<std::uint64_t, CallNumber> waiting_;
};

}  // namespace distkv::shard
