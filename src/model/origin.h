// Who wrote: a region, in one of its incarnations.
//
// A region gets a new incarnation, from the directory, whenever it may have forgotten stamps that
// others have seen: restored from a backup, or back after having been declared dead. Within one
// incarnation a region never makes the same stamp twice for one shard.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/codec.h"
#include "base/id.h"
#include "base/result.h"
#include "time/hlc.h"

namespace distkv::model {

using RegionId = base::Id<struct RegionTag>;  // At most kRegionIdMax.
using KeyspaceId = base::Id<struct KeyspaceTag>;

inline constexpr std::uint64_t kRegionIdMax = UINT16_MAX;
inline constexpr std::uint64_t kIncarnationMax = UINT32_MAX;

struct Origin {
    RegionId region;
    std::uint64_t incarnation = 0;  // At most kIncarnationMax.

    auto operator<=>(const Origin&) const = default;

    void encode(base::Encoder& out) const;
    static base::Result<Origin> decode(base::Decoder& in);
};

// The name of one write: no two writes of a shard have the same.
struct Dot {
    time::Hlc hlc;
    Origin origin;

    // Newer is greater; between two of one stamp the origin decides.
    auto operator<=>(const Dot&) const = default;

    void encode(base::Encoder& out) const;
    static base::Result<Dot> decode(base::Decoder& in);
};

std::string to_string(const Origin& origin);  // "2.1": region 2, incarnation 1
std::string to_string(const Dot& dot);        // "2026-11-20T10:15:00.123456Z+42@2.1"

}  // namespace distkv::model
