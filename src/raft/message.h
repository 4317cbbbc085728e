// What replicas of one group say to each other. Frames may be lost, doubled and reordered; every
// message must be safe to receive at any time, from anybody who was ever a member.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "raft/entry.h"
#include "raft/membership.h"
#include "time/hlc.h"
#include "time/instant.h"

namespace distkv::raft {

enum class MessageKind : std::uint8_t {
    kPreVote = 1,    // term: the one that would be campaigned in; at: the candidate's last entry;
                     // hint: the last that it knows to be committed.
    kPreVoteAnswer,  // term: as asked if granted, else the voter's own. ceiling; hint: as asked.
    kVote,           // As kPreVote; forced: the leader itself asked for this election.
    kVoteAnswer,     // ceiling: the highest that this voter has ever acknowledged; hint: as asked.
    kAppend,         // at: the entry before `entries`; commit; all that a heartbeat has.
    kAppendAnswer,   // at: if not rejected, everything up to at.index is durable and matches.
    kHeartbeat,      // commit, read_id, sent_at, lease, ceiling. Without sent_at: no answer wanted.
    kHeartbeatAnswer,  // read_id, sent_at as received; lease as promised; ceiling: durable;
                       // at.index: received and matching, but perhaps not durable yet;
                       // hint.index: matching and durable, like the `at` of an append's answer.
    kTransfer,         // The receiver shall campaign at once, in this term only.
    kReadIndex,        // A follower asks where it must have applied to; context; forced: no lease.
    kReadIndexAnswer,  // context, at.index; rejected: ask again later.
    kSleep,            // at: last entry, which is committed. Nothing more will come for a while.
                       // ceiling: whoever leads after the sender stamps above it.
    kWake,             // The receiver leads and believes the sender asleep; it is not.
};
inline constexpr std::uint8_t kMessageKindMax = 13;

std::string_view name_of(MessageKind kind);

// A part that a kind does not use is at its default, and costs a bit on the wire.
struct Message {
    MessageKind kind{};
    ReplicaId from;
    ReplicaId to;
    std::uint64_t term = 0;

    Position at;               // See the kinds.
    std::uint64_t commit = 0;  // Of the sender.
    std::vector<Entry> entries;

    bool rejected = false;
    Position hint;        // Of a rejected append: where the logs may still agree.
    bool forgot = false;  // The sender lost entries to damage that it had acknowledged before.
    bool forced = false;

    std::uint64_t read_id = 0;  // Counted by the leader, rising over its whole life.
    std::uint64_t context = 0;  // A follower's name for a read; unique over its restarts.
    time::MonoTime sent_at{};   // The leader's own clock; means nothing to anybody else.
    time::Duration lease{};     // For so long after receipt, the receiver votes for nobody else.
    time::Hlc ceiling{};
    std::uint64_t held_by_all = 0;  // Everybody's log reaches so far: a witness may cut there.

    bool operator==(const Message&) const = default;
};

std::size_t cost_of(const Message& message);

// The layout is in message.cc.
void encode(const Message& message, base::Encoder& out);
base::Result<Message> decode_message(base::Decoder& in);

}  // namespace distkv::raft
