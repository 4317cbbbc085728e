// What can be under way from one core to another: the messages of the protocol, and what their
// owners carry for them (whole snapshots, and the questions of a read that asks no leader).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "raft/core.h"
#include "raft/quorum_read.h"

namespace distkv::raft_lab {

struct Snapshot {
    std::uint64_t term = 0;
    raft::SnapshotMeta meta;
};
struct QuorumAsk {
    std::uint64_t ticket = 0;
};
struct QuorumSay {
    std::uint64_t ticket = 0;
    raft::QuorumReadAnswer answer;
};

struct Letter {
    raft::ReplicaId from;
    raft::ReplicaId to;
    std::variant<raft::Message, Snapshot, QuorumAsk, QuorumSay> what;
    std::uint64_t number = 0;
};

// "append", "vote-answer", ..., "snapshot", "quorum-ask", "quorum-say"
std::string kind_of(const Letter& letter);
bool is_kind(std::string_view word);
std::string all_kinds();  // "pre-vote, pre-vote-answer, ..."

// "append 7/3 +1, commit 6". A place is INDEX/TERM.
std::string text_of(const Letter& letter);
std::string text_of(raft::Position at);
// Without its place: "x=1", "(no-op)", "voters 1 2 3"
std::string text_of(const raft::Entry& entry);
std::string text_of(const raft::Persist& persist);

}  // namespace distkv::raft_lab
