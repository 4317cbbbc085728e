// What the hosts of two nodes say to each other. A frame carries many items, of many groups:
//
//     byte    version, 1
//     items, until the end: byte kind, then
//       1 message        varint group, the message of raft/message.h
//       2 pulse          varint number, fixed64 sent_at, varint lease, fixed64 digest,
//                        fixed64 closed
//       3 pulse answer   varint number, fixed64 sent_at, varint lease, byte matches,
//                        varint count, then of each sleeper: varint group, varint term
//       4 rouse          varint count, then groups
//       5 quorum ask     varint group, replica, number
//       6 quorum answer  varint group, replica, number, durable_last, byte repairing
//       7 offer          varint group, from, to, term, transfer, size, fixed32 crc, bytes mark
//       8 want           varint group, transfer, offset
//       9 chunk          varint group, transfer, offset, bytes
//      10 taken          varint group, replica, transfer, byte taken
//
// Frames are lost, doubled and reordered; every item must be safe to receive at any time.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/codec.h"
#include "raft/message.h"
#include "raft/quorum_read.h"
#include "shard/machine.h"
#include "storage_log/record.h"
#include "time/instant.h"

namespace distkv::shard {

using storage_log::GroupId;

// Groups of one host, and so of any list of them.
inline constexpr std::size_t kGroupsMax = 16'384;

// A piece of a snapshot.
inline constexpr std::size_t kChunkBytesMax = std::size_t{256} << 10;

struct GroupMessage {
    GroupId group;
    raft::Message message;

    bool operator==(const GroupMessage&) const = default;
};

// Of all groups whose leader sleeps on the sender's node and that have a member on the receiver's:
// "I am alive, and still lead these." The lease is what the receiver shall promise for its sleeping
// members. Pulses also measure the round trip, whether or not anything sleeps.
struct Pulse {
    std::uint64_t number = 0;
    time::MonoTime sent_at{};  // The sender's own clock.
    time::Duration lease{};
    std::uint64_t digest = 0;  // Of those groups and their terms.
    time::Hlc closed;          // None of those groups will be stamped at or below this any more.

    bool operator==(const Pulse&) const = default;
};

struct Sleeper {
    GroupId group;
    std::uint64_t term = 0;

    auto operator<=>(const Sleeper&) const = default;
};

// The digest fits what sleeps here under the sender of the pulse, or all that does is listed.
struct PulseAnswer {
    std::uint64_t number = 0;
    time::MonoTime sent_at{};  // As received.
    time::Duration lease{};    // As promised.
    bool matches = false;
    std::vector<Sleeper> asleep;

    bool operator==(const PulseAnswer&) const = default;
};

// "I do not lead these any more, or am awake: let your members wake up."
struct Rouse {
    std::vector<GroupId> groups;

    bool operator==(const Rouse&) const = default;
};

struct QuorumAsk {
    GroupId group;
    raft::ReplicaId from;
    std::uint64_t number = 0;

    bool operator==(const QuorumAsk&) const = default;
};

struct QuorumAnswer {
    GroupId group;
    raft::ReplicaId from;
    std::uint64_t number = 0;
    raft::QuorumReadAnswer answer;

    bool operator==(const QuorumAnswer& other) const {
        return group == other.group && from == other.from && number == other.number &&
               answer.durable_last == other.answer.durable_last &&
               answer.repairing == other.answer.repairing;
    }
};

// A snapshot is pulled by whoever needs it: it alone knows what it has.
struct SnapshotOffer {
    GroupId group;
    raft::ReplicaId from;
    raft::ReplicaId to;
    std::uint64_t term = 0;
    std::uint64_t transfer = 0;  // The sender's name for these very bytes.
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    Mark mark;

    bool operator==(const SnapshotOffer&) const = default;
};
struct SnapshotWant {
    GroupId group;
    std::uint64_t transfer = 0;
    std::uint64_t offset = 0;

    bool operator==(const SnapshotWant&) const = default;
};
struct SnapshotChunk {
    GroupId group;
    std::uint64_t transfer = 0;
    std::uint64_t offset = 0;
    base::Bytes bytes;

    bool operator==(const SnapshotChunk&) const = default;
};
struct SnapshotTaken {
    GroupId group;
    raft::ReplicaId replica;  // Whose answer this is.
    std::uint64_t transfer = 0;
    bool taken = false;  // False: it is of no use here.

    bool operator==(const SnapshotTaken&) const = default;
};

using Item = std::variant<GroupMessage, Pulse, PulseAnswer, Rouse, QuorumAsk, QuorumAnswer,
                          SnapshotOffer, SnapshotWant, SnapshotChunk, SnapshotTaken>;

inline constexpr std::uint8_t kFrameVersion = 1;

void encode(GroupId group, const raft::Message& message, base::Encoder& out);
void encode(const Item& item, base::Encoder& out);

// Items in order. kCorrupt for the whole frame when any of it is malformed.
base::Result<std::vector<Item>> decode_frame(base::ByteView frame);

}  // namespace distkv::shard
