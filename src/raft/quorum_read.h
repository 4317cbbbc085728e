// A linearizable read that asks no leader: what each replica has to say, and when the answer may be
// given. The idea: a write that is committed stands in the durable log of a quorum, so of any
// quorum that is asked somebody has it; whoever has applied everything that anybody of a quorum had
// in its log, has applied the write.
//
// The membership must not have changed underneath: the answer counts only if the replica that gives
// it, having applied that far, still has the very membership whose quorum was asked. (Had a later
// one taken effect before the read began, its entry would be in the log of somebody asked.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "raft/core.h"

namespace distkv::raft {

// What one replica says about itself, for one read.
struct QuorumReadAnswer {
    std::uint64_t durable_last = 0;
    bool repairing = false;  // It may have forgotten; its answer does not count.
};

QuorumReadAnswer answer_quorum_read(const Core& core);

class QuorumRead {
public:
    // Begins a read under the membership that this replica has in effect.
    explicit QuorumRead(const Core& reader)
        : membership_(reader.membership()), decided_at_(reader.membership_index()) {}

    // Only what was said after the read began.
    void take(ReplicaId from, const QuorumReadAnswer& answer);

    // Nothing until a quorum has answered; then what must have been applied first.
    [[nodiscard]] std::optional<std::uint64_t> apply_first() const;

    // Once the reader has applied that far: whether it may answer, or has to begin anew under its
    // present membership. (The same voters, decided anew, are another membership: others may have
    // decided alone in between.)
    [[nodiscard]] bool may_answer(const Core& reader) const {
        return reader.membership_index() == decided_at_;
    }

private:
    Membership membership_;
    std::uint64_t decided_at_;
    std::map<ReplicaId, std::uint64_t> answers_;
};

}  // namespace distkv::raft
