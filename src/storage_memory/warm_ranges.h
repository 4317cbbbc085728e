// What was prefetched lately: the lookups that will not "block" in an engine that only pretends to.
// Room for so many; the oldest are forgotten, as a real cache forgets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace distkv::storage_memory {

class WarmRanges {
public:
    static constexpr std::size_t kRangesMax = 256;

    // The keys from `from` to `to`, both included; without `to` there is no end.
    void add(base::Bytes from, std::optional<base::Bytes> to) {
        if (ranges_.size() == kRangesMax) {
            ranges_.pop_front();
        }
        ranges_.push_back({std::move(from), std::move(to)});
    }

    // Whether all keys from `from` to `to` are warm.
    [[nodiscard]] bool covers(base::ByteView from, std::optional<base::ByteView> to) const {
        return std::ranges::any_of(ranges_, [&](const Warm& warm) {
            return warm.from <= from && (!warm.to || (to && *to <= *warm.to));
        });
    }

private:
    struct Warm {
        base::Bytes from;
        std::optional<base::Bytes> to;
    };
    std::deque<Warm> ranges_;
};

}  // namespace distkv::storage_memory
