// Holds simulated groups to what Raft promises, after every event and with every replica in sight:
//
//   * Election safety: one leader a term.
//   * Leader completeness: a new leader has everything that was committed.
//   * State-machine safety, log matching: what is committed at an index is the same everywhere, and
//     so is what is applied there and the state that results, also through snapshots and restarts.
//   * Committed is durable: in the logs of a quorum, as their disks have them.
//   * What a core believes to be durable, its disk has.
//   * Commit indices and terms never go back while a replica runs; nor, over its whole life, do
//     terms that were durable (unless a bit flipped in the last block of a log, before one behind
//     it proved that it had been whole: then it is an unfinished one).
//   * Nothing can be stamped where an earlier leader may have read: ceilings; nor where a follower
//     of a sleeping group was told that nothing will be.
//   * No replica is lost unless its disk was damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shard/host.h"
#include "sim/planet.h"

namespace distkv::scenario {

class RaftJudge {
public:
    using Violation = std::function<void(std::string what)>;
    explicit RaftJudge(Violation violation) : violation_(std::move(violation)) {}

    // Bits may flip in this run.
    void let_disks_rot() { disks_rot_ = true; }

    // Of a replica that runs. `log`: of its host; `boot`: which start of a host this is.
    void look(const shard::Group& group, const storage_log::Log& log, std::uint64_t boot);

    // A follower answers reads up to here.
    void closed(shard::GroupId group, time::Hlc up_to);

    // The host goes down, or the replica goes for good: what its disk has now, counts from now on.
    void remember(const shard::Group& group, const storage_log::Log& log);

    void applied(shard::GroupId group, const raft::Entry& entry, std::uint32_t sum);
    void loaded(shard::GroupId group, const shard::Mark& mark, std::uint32_t sum);

    struct Totals {
        std::uint64_t committed = 0;
        std::uint64_t leaders = 0;
    };
    [[nodiscard]] Totals totals() const;

private:
    struct Durable {  // What one replica's disk has.
        raft::Position cut;
        std::vector<raft::Position> entries;
        std::uint64_t term = 0;
        bool owes = false;  // It has lost entries, knows it, and votes for nobody.
        bool running = false;
        const storage_log::Log* log = nullptr;
    };
    struct Life {  // Of one replica, since it started.
        std::uint64_t life = 0;
        std::uint64_t boot = 0;
        std::uint64_t term = 0;
        std::uint64_t commit = 0;
        raft::Position applied{};
        raft::Role role = raft::Role::kFollower;
        raft::Membership membership;  // As it was before the event.
    };
    struct Agreed {
        std::uint64_t term = 0;
        std::uint64_t committed_in = 0;  // The term of whoever was first.
    };
    struct OneGroup {
        // By index. One may be missing until somebody else commits it: a witness commits, and cuts
        // its log, in one event.
        std::map<std::uint64_t, Agreed> agreed;
        std::uint64_t durable_checked = 0;
        std::map<std::uint64_t, raft::ReplicaId> leaders;  // By term.
        std::map<std::uint64_t, time::Hlc> ceilings;       // Used, by term.
        std::map<std::uint64_t, time::Hlc> floors;
        time::Hlc closed;
        std::map<std::uint64_t, std::uint32_t> sums;  // Of the state after each index.
        std::map<raft::ReplicaId, Life> lives;
        std::map<raft::ReplicaId, Durable> disks;
    };

    void look_at_leader(const shard::Group& group, OneGroup& all);
    void look_at_ceilings(const shard::Group& group, OneGroup& all);
    void look_at_commit(const shard::Group& group, OneGroup& all, std::uint64_t before,
                        const raft::Membership& membership_before);
    void look_at_applied(const shard::Group& group);
    void look_at_durable(const shard::Group& group, const storage_log::Log& log);
    [[nodiscard]] bool has(const OneGroup& all, shard::GroupId group, raft::ReplicaId replica,
                           raft::Position at) const;
    void compare_sum(shard::GroupId group, std::uint64_t index, std::uint32_t sum);
    void violated(shard::GroupId group, const std::string& what) {
        violation_("group " + to_string(group) + ": " + what);
    }

    Violation violation_;
    bool disks_rot_ = false;
    std::map<shard::GroupId, OneGroup> groups_;
};

}  // namespace distkv::scenario
