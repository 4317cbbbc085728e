// What one replica's storage holds, and the writes that it has not answered. It is honest: what it
// has answered survives every crash, what it has not is gone (or there, when a crash kept it).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "raft/core.h"

namespace distkv::raft_lab {

struct Disk {
    raft::HardState hard_state;
    raft::SnapshotMeta base;           // The state machine as of its last flush; the log's cut.
    std::vector<raft::Entry> entries;  // Behind base.at.
    std::deque<raft::Persist> under_way;
    std::vector<raft::Persisted> answered;      // Since the replica started.
    std::optional<raft::Start::Damage> damage;  // Told at every start, until it is written over.

    [[nodiscard]] std::uint64_t last() const { return base.at.index + entries.size(); }
    [[nodiscard]] const raft::Entry& at(std::uint64_t index) const {
        return entries[static_cast<std::size_t>(index - base.at.index - 1)];
    }

    // Makes the oldest write durable. The answer to it.
    raft::Persisted write_oldest();

    // What a replica finds when it starts. What stands behind the damage is given up: the core
    // takes it in again with what was lost.
    raft::Start start();

    // Entries for a core that no longer has them in memory; kNotFound when they are cut away.
    [[nodiscard]] base::Result<std::vector<raft::Entry>> fetch(const raft::Fetch& what) const;
};

}  // namespace distkv::raft_lab
