// Reads: by the leader's lease, by asking whether it still leads, or without a leader.
#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using raft::ReplicaId;

Lab::Done Lab::read(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    const std::string_view how = words.done() ? "lease" : words.next();
    TRY(words.end());
    if (how != "lease" && how != "index" && how != "quorum") {
        return wrong(in_quotes(how) + " is no way to read", "'lease', 'index' or 'quorum'");
    }
    const std::uint64_t ticket = next_ticket_++;
    tell(id, "read " + std::to_string(ticket) + " begins");
    if (how == "quorum") {
        begin_quorum_read(id, ticket);
        return {};
    }
    replica.reads[ticket];
    step(id, raft::Read{.ticket = ticket, .may_use_lease = how == "lease"});
    return {};
}

void Lab::take_read_ready(ReplicaId id, const raft::ReadReady& ready) {
    Replica& replica = replicas_.at(id);
    const std::string name = "read " + std::to_string(ready.ticket);
    const auto found = replica.reads.find(ready.ticket);
    if (found == replica.reads.end()) {
        return;
    }
    if (!ready.index) {
        tell(id, name + " refused: " + to_string(ready.index.error()));
        replica.reads.erase(found);
        return;
    }
    if (replica.applied < *ready.index) {
        tell(id, name + " has to wait until " + std::to_string(*ready.index) + " is applied");
    }
    found->second.index = *ready.index;
    finish_reads(id);
}

void Lab::finish_reads(ReplicaId id) {
    Replica& replica = replicas_.at(id);
    std::erase_if(replica.reads, [&](const auto& entry) {
        const auto& [ticket, reading] = entry;
        if (!reading.index || replica.applied < *reading.index) {
            return false;
        }
        const std::string name = "read " + std::to_string(ticket);
        if (reading.quorum && !reading.quorum->may_answer(*replica.core)) {
            tell(id, name + " must begin anew: the membership has changed");
        } else {
            tell(id, name + " answered from the state at " + std::to_string(replica.applied) +
                         ", at least " + std::to_string(*reading.index));
        }
        return true;
    });
}

// ---- Without a leader -------------------------------------------------------------------------

void Lab::begin_quorum_read(ReplicaId id, std::uint64_t ticket) {
    Replica& replica = replicas_.at(id);
    replica.reads[ticket].quorum.emplace(*replica.core);
    for (const ReplicaId other : replica.core->membership().everyone()) {
        if (other != id) {
            send(id, other, Letter{.what = QuorumAsk{ticket}});
        }
    }
    take_quorum_say(id, id, QuorumSay{ticket, raft::answer_quorum_read(*replica.core)});
}

void Lab::take_quorum_say(ReplicaId id, ReplicaId from, const QuorumSay& say) {
    Replica& replica = replicas_.at(id);
    const auto found = replica.reads.find(say.ticket);
    if (found == replica.reads.end() || !found->second.quorum || found->second.index) {
        return;
    }
    found->second.quorum->take(from, say.answer);
    if (const auto index = found->second.quorum->apply_first()) {
        take_read_ready(id, {.ticket = say.ticket, .index = *index});
    }
}

}  // namespace distkv::raft_lab
