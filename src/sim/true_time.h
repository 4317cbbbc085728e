// The time that only the simulator knows: nanoseconds since the planet was made. No node sees it;
// every clock of a node is a distortion of it.
#pragma once

#include <chrono>

#include "time/instant.h"

namespace distkv::sim {

struct TrueTag {};
using TrueTime = std::chrono::time_point<TrueTag, time::Duration>;

// What a perfect wall clock shows: every planet is made on 2026-01-01 at 00:00 UTC.
constexpr time::WallTime true_wall(TrueTime at) {
    constexpr std::chrono::seconds kMade{1'767'225'600};
    return time::WallTime(kMade + at.time_since_epoch());
}

}  // namespace distkv::sim
