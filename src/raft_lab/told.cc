// What is told about a core: what has changed, in words.
#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using raft::ReplicaId;
using raft::Role;

void Lab::tell(std::string line) {
    trace_.push_back((nested_ ? "  " : "") + std::move(line));
}

void Lab::tell(ReplicaId id, const std::string& line) {
    tell(name_of(id) + ": " + line);
}

void Lab::tell_changes(ReplicaId id) {
    Replica& replica = replicas_.at(id);
    const raft::Core& core = *replica.core;
    const Told now{.role = core.role(),
                   .term = core.term(),
                   .vote = core.status().vote,
                   .leader = core.leader(),
                   .commit = core.commit(),
                   .cut = core.log().cut(),
                   .terms = core.log().terms(),
                   .membership_index = core.membership_index(),
                   .repairing = core.is_repairing(),
                   .asleep = core.is_asleep(),
                   .ceiling = core.ceiling().word};
    tell_role(id, now);
    tell_log(id, now);
    tell_rest(id, now);
    replica.told = now;
}

void Lab::tell_role(ReplicaId id, const Told& now) {
    const Told& before = replicas_.at(id).told;
    const std::string term = "term " + std::to_string(now.term);
    if (now.role != before.role || (now.term != before.term && now.role != Role::kFollower)) {
        tell(id, "becomes " + std::string(name_of(now.role)) +
                     (now.role == Role::kLeader ? " of " : " in ") + term);
    } else if (now.term != before.term) {
        tell(id, "enters " + term);
    }
    if (now.vote != raft::kNobody && (now.vote != before.vote || now.term != before.term)) {
        tell(id, "votes for " + (now.vote == id ? "itself" : name_of(now.vote)) + " in " + term);
    }
    if (now.leader == before.leader || now.leader == id) {
        return;
    }
    if (now.leader != raft::kNobody) {
        tell(id, "follows " + name_of(now.leader));
    } else if (now.role == Role::kFollower) {
        tell(id, "knows no leader");
    }
}

void Lab::tell_log(ReplicaId id, const Told& now) {
    const Told& before = replicas_.at(id).told;
    const raft::Log& log = replicas_.at(id).core->log();
    std::uint64_t same = now.cut.index;
    if (now.cut != before.cut) {
        tell(id, "log begins behind " + text_of(now.cut));
    }
    const std::uint64_t last_before = before.cut.index + before.terms.size();
    const auto term_before = [&](std::uint64_t index) {
        return before.terms[static_cast<std::size_t>(index - before.cut.index - 1)];
    };
    while (same < std::min(log.last_index(), last_before) &&
           (same < before.cut.index || term_before(same + 1) == log.term_at(same + 1))) {
        ++same;
    }
    if (same < last_before && last_before > now.cut.index) {
        tell(id, "log loses " + text_of(raft::Position{same + 1, term_before(same + 1)}) +
                     (same + 1 < last_before
                          ? " to " + text_of(raft::Position{last_before, term_before(last_before)})
                          : ""));
    }
    for (std::uint64_t index = same + 1; index <= log.last_index(); ++index) {
        const std::vector<raft::Entry> entry = log.read(index, index, 1);
        tell(id, "appends " + text_of(raft::Position{index, log.term_at(index).value_or(0)}) +
                     (entry.empty() ? "" : " " + text_of(entry.front())));
    }
}

void Lab::tell_rest(ReplicaId id, const Told& now) {
    const Told& before = replicas_.at(id).told;
    const raft::Core& core = *replicas_.at(id).core;
    if (now.role == Role::kLeader && before.role != Role::kLeader &&
        core.stamp_floor() != time::Hlc{}) {
        tell(id, "may stamp only above " + std::to_string(core.stamp_floor().word));
    }
    if (now.commit > before.commit) {
        tell(id, "commits up to " + std::to_string(now.commit));
    }
    if (now.ceiling > before.ceiling) {
        tell(id, "may stamp up to " + std::to_string(now.ceiling));
    }
    if (now.membership_index != before.membership_index) {
        tell(id, "in effect: " + to_string(core.membership()));
    }
    if (now.repairing != before.repairing) {
        tell(id, now.repairing ? "has lost entries: it neither votes nor leads" : "is whole again");
    }
    if (now.asleep != before.asleep) {
        tell(id, now.asleep ? "falls asleep" : "wakes up");
    }
}

}  // namespace distkv::raft_lab
