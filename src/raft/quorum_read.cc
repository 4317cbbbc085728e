#include "raft/quorum_read.h"

#include <algorithm>

namespace distkv::raft {

QuorumReadAnswer answer_quorum_read(const Core& core) {
    return {.durable_last = core.durable_last(), .repairing = core.is_repairing()};
}

void QuorumRead::take(ReplicaId from, const QuorumReadAnswer& answer) {
    if (!answer.repairing) {
        answers_.emplace(from, answer.durable_last);
    }
}

std::optional<std::uint64_t> QuorumRead::apply_first() const {
    if (!membership_.is_quorum([this](ReplicaId id) { return answers_.contains(id); })) {
        return std::nullopt;
    }
    std::uint64_t highest = 0;
    for (const auto& [id, durable_last] : answers_) {
        highest = std::max(highest, durable_last);
    }
    return highest;
}

}  // namespace distkv::raft
