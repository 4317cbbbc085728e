// How fast a clock may run wrong, in parts per billion, as its owner declares it. Errors grow with
// time by this much, always rounded up: a bound that is a nanosecond short is no bound.
#pragma once

#include <compare>
#include <cstdint>

#include "time/saturate.h"

namespace distkv::time {

struct Drift {
    std::int64_t ppb = 0;

    auto operator<=>(const Drift&) const = default;

    // The error that can build up over `elapsed` (either sign), rounded up.
    [[nodiscard]] constexpr Duration over(Duration elapsed) const {
        __extension__ using Wide = __int128;
        constexpr Wide kBillion = 1'000'000'000;
        const Wide length = elapsed.count() < 0 ? -static_cast<Wide>(elapsed.count())
                                                : static_cast<Wide>(elapsed.count());
        const Wide error = (length * ppb + kBillion - 1) / kBillion;
        return Duration(error > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(error));
    }

    friend constexpr Drift operator+(Drift a, Drift b) {
        return Drift{saturating_add(a.ppb, b.ppb)};
    }
};

constexpr Drift ppm(std::int64_t parts) {
    return Drift{parts * 1000};
}

// A quartz oscillator without correction stays within tens of ppm of its nominal rate; chrony's own
// documentation and ClockBound use 50 as the bound for servers.
inline constexpr Drift kServerDrift = ppm(50);

}  // namespace distkv::time
