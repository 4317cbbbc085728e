// What the shared log holds: records of many groups, in the order in which they were handed in.
//
// A record, integers little-endian:
//      0  u32  crc32c of bytes 4 to 40, with the record's place in its sum (see format.cc)
//      4  u32  crc32c of the body
//      8  u32  bytes of the body
//     12  u8   kind
//     13  3 x 0
//     16  u64  group
//     24  u64  index
//     32  u64  term
//     40       body
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"

namespace distkv::storage_log {

// A Raft group, by the lineage of its shard.
using GroupId = base::Id<struct GroupTag>;

enum class RecordKind : std::uint8_t {
    kEntry = 1,      // At `index`; what stood there and beyond is gone.
    kCopy = 2,       // An entry written again further on; changes nothing but its place.
    kTruncate = 3,   // `index` and beyond are gone.
    kCut = 4,        // `index` (of `term`) and below are gone.
    kHardState = 5,  // Body: vote, commit. `term` is the current term.
    kNote = 6,       // Body: a small value under the number `index`; empty: none.
    kForget = 7,     // The group is gone from this node.
};
inline constexpr std::uint8_t kRecordKindMax = 7;

std::string_view name_of(RecordKind kind);

struct Record {
    RecordKind kind = RecordKind::kEntry;
    GroupId group;
    std::uint64_t index = 0;
    std::uint64_t term = 0;
    base::Bytes body;

    bool operator==(const Record&) const = default;
};

// What a group must remember to keep its promises.
struct HardState {
    std::uint64_t term = 0;
    std::uint64_t vote = 0;    // A replica; 0: none.
    std::uint64_t commit = 0;  // A hint: it may lag behind.

    bool operator==(const HardState&) const = default;
};

}  // namespace distkv::storage_log
