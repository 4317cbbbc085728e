// Watches this machine's own wall clock against its own monotonic clock and numbers the stretches
// in which the wall kept to its declared drift. The number is the ClockEpoch that goes out with
// every stamp: peers drop what they knew about our clock when it changes (offset.h).
//
// Within one epoch, for any two readings fed: |change of (wall - mono)| <= drift x (mono between
// them) + tolerance. Comparing with the last reading alone would let a clock creep away by the
// tolerance each time, so all readings of the epoch are held against each other; since each allows
// a straight line, the lowest and the highest line stand for all of them.
//
// Feed it before every stamp (a jump must not go out under the old number), with readings taken
// together: mono, wall, mono again, repeated when the two monos are apart.
//
// Epoch numbers must grow across restarts too. The durable floor of the HLC grows with every one:
// start from its word.
#pragma once

#include <optional>

#include "time/drift.h"
#include "time/offset.h"

namespace distkv::time {

struct ClockWatchOptions {
    // Of the wall against the monotonic clock of the same machine.
    Drift drift = kServerDrift;
    // Two clocks cannot be read at exactly the same moment.
    Duration tolerance = 1us;
};

class ClockWatch {
public:
    explicit ClockWatch(ClockEpoch first, ClockWatchOptions options = {})
        : epoch_(first), options_(options) {}

    // The epoch to send with a stamp made from this reading.
    ClockEpoch feed(MonoTime mono, WallTime wall);

    [[nodiscard]] ClockEpoch epoch() const { return epoch_; }
    // How far the last jump went, beyond what drift allows; the sign is its direction.
    [[nodiscard]] Duration last_jump() const { return last_jump_; }

private:
    struct Reading {
        MonoTime mono;
        Duration lead;  // wall - mono
    };

    ClockEpoch epoch_;
    ClockWatchOptions options_;
    std::optional<Reading> lowest_;   // Whose allowed line upwards is the lowest now.
    std::optional<Reading> highest_;  // Whose allowed line downwards is the highest now.
    Duration last_jump_{0};
};

}  // namespace distkv::time
