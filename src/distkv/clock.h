// `distkv clock`: what time it is, how surely, and by whose word.
#pragma once

#include <optional>

#include "distkv/output.h"
#include "time/clock_sources.h"

namespace distkv::distkv {

struct ClockQuestion {
    std::optional<time::Duration> declared;
    time::Duration limit = time::EpsilonOptions{}.limit;
    bool json = false;
};

// What this machine shows at one moment.
struct ClockSight {
    time::ClockReadings readings;
    time::MonoTime mono;
    time::WallTime wall;
};

inline constexpr time::Duration kClockLimitMax = std::chrono::hours(1);

// Exit code 1 when there is no epsilon that can be trusted.
Exit show_clock(const ClockQuestion& question, const ClockSight& sight, const Output& output);

Exit run_clock(const ClockQuestion& question, const Output& output);

}  // namespace distkv::distkv
