// Arithmetic on readings that strangers sent: a clock may claim any 64-bit number, and a signed
// overflow would be undefined. Sums stop at the ends of the range instead.
#pragma once

#include <cmath>
#include <cstdint>

#include "time/instant.h"

namespace distkv::time {

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum;
}

constexpr std::int64_t saturating_sub(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a, b, &difference)) {
        return b < 0 ? INT64_MAX : INT64_MIN;
    }
    return difference;
}

constexpr Duration saturating_add(Duration a, Duration b) {
    return Duration(saturating_add(a.count(), b.count()));
}
constexpr Duration saturating_sub(Duration a, Duration b) {
    return Duration(saturating_sub(a.count(), b.count()));
}

// `d` >= 0 times `factor` >= 0, rounded up.
inline Duration scaled(Duration d, double factor) {
    const double product = std::ceil(static_cast<double>(d.count()) * factor);
    constexpr double kLimit = 0x1p63;
    return product < kLimit ? Duration(static_cast<std::int64_t>(product)) : Duration::max();
}

template <class Tag>
using Point = std::chrono::time_point<Tag, Duration>;

template <class Tag>
constexpr Point<Tag> shifted(Point<Tag> at, Duration by) {
    return Point<Tag>(saturating_add(at.time_since_epoch(), by));
}
template <class Tag>
constexpr Duration distance(Point<Tag> from, Point<Tag> to) {
    return saturating_sub(to.time_since_epoch(), from.time_since_epoch());
}

}  // namespace distkv::time
