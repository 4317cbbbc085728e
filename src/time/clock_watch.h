// Watches this machine's own wall clock against its own monotonic clock, and says when it has
// jumped: moved by more than its declared drift allows.
//
// Between two jumps, for any two readings fed: |change of (wall - mono)| <= drift x (mono between
// them) + tolerance. Comparing with the last reading alone would let a clock creep away by the
// tolerance each time, so all readings since the last jump are held against each other; since each
// allows a straight line, the lowest and the highest line stand for all of them.
//
// Feed it before every stamp, so that nothing is stamped with a leap that nobody has looked at,
// with readings taken together: mono, wall, mono again, repeated when the two monos are apart.
#pragma once

#include <optional>

#include "time/drift.h"

namespace distkv::time {

struct ClockWatchOptions {
    // Of the wall against the monotonic clock of the same machine.
    Drift drift = kServerDrift;
    // Two clocks cannot be read at exactly the same moment.
    Duration tolerance = 1us;
};

class ClockWatch {
public:
    explicit ClockWatch(ClockWatchOptions options = {}) : options_(options) {}

    // By how much the wall has jumped, beyond what drift allows; the sign is the direction.
    std::optional<Duration> feed(MonoTime mono, WallTime wall);

private:
    struct Reading {
        MonoTime mono;
        Duration lead;  // wall - mono
    };

    ClockWatchOptions options_;
    std::optional<Reading> lowest_;   // Whose allowed line upwards is the lowest now.
    std::optional<Reading> highest_;  // Whose allowed line downwards is the highest now.
};

}  // namespace distkv::time
