// What stands before the effects in every entry of a shard's log. All of it is there from the first
// day, so that a log written by one version can be read by the next; most of it is empty in most
// entries, and an empty part costs one bit.
//
//     byte    version, 1
//     varint  feature level: a reader that knows less must not apply the entry
//     varint  flags: one bit for each part that follows, in this order
//     bit 0   proposal: varint coordinator, varint incarnation, varint sequence
//     bit 1   hlc: 8 bytes
//     bit 2   origin: varint region, varint incarnation
//     bit 3   epoch: varint
//     bit 4   policy version: varint
//     bit 5   dependencies: version vector
//     bit 6   trace id: 16 bytes
//     bit 7   transaction id: 16 bytes
#pragma once

#include <array>
#include <cstdint>

#include "base/codec.h"
#include "base/result.h"
#include "model/origin.h"
#include "model/version_vector.h"

namespace distkv::model {

// Names one proposal for ever, so that a retry across leaders happens once.
struct ProposalId {
    std::uint64_t coordinator = 0;  // The node that asks,
    std::uint64_t incarnation = 0;  // in which of its lives,
    std::uint64_t sequence = 0;     // counting from 1; 0: none.

    auto operator<=>(const ProposalId&) const = default;
};

// Sixteen bytes that nobody looks into; all zero: none.
template <class Tag>
struct WideId {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const WideId&) const = default;
};
using TraceId = WideId<struct TraceTag>;
using TransactionId = WideId<struct TransactionTag>;

struct EntryHeader {
    std::uint64_t feature_level = 0;
    ProposalId proposal;
    time::Hlc hlc;
    Origin origin;
    std::uint64_t epoch = 0;
    std::uint64_t policy_version = 0;
    VersionVector dependencies;
    TraceId trace;
    TransactionId transaction;

    bool operator==(const EntryHeader&) const = default;

    void encode(base::Encoder& out) const;

    // Leaves `in` at the effects.
    static base::Result<EntryHeader> decode(base::Decoder& in);
};

}  // namespace distkv::model
