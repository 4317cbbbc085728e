// Which key: of which keyspace, in which slot, and its bytes. The slot is a function of the bytes
// (placement knows which); it stands here because the store keeps the keys of a slot together.
#pragma once

#include <compare>
#include <cstdint>

#include "base/bytes.h"
#include "base/id.h"
#include "model/origin.h"

namespace distkv::model {

using SlotId = base::Id<struct SlotTag>;
inline constexpr std::uint64_t kSlots = 16384;

// From the first slot up to and without the last.
struct SlotRange {
    SlotId from;
    SlotId until;

    bool operator==(const SlotRange&) const = default;
};

struct KeyName {
    KeyspaceId keyspace;  // At least 1: 0 stands for what the store keeps for itself.
    SlotId slot;
    base::Bytes key;

    auto operator<=>(const KeyName&) const = default;
};

inline constexpr std::uint64_t kKeyspaceIdMax = UINT32_MAX;

}  // namespace distkv::model
