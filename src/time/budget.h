// Deadline budgets: how much time a request has left. The budget travels with the request and
// shrinks at every hop, so that nobody works on what nobody waits for any more.
//
// It travels as a duration, never as a point in time: clocks of two machines cannot be compared.
#pragma once

#include "base/result.h"
#include "time/drift.h"

namespace distkv::time {

// A child gets at most this part of what its parent has left; the rest is for the parent's own
// answer, also when the child times out.
inline constexpr std::int64_t kChildPercentMax = 95;

// How long somebody waits who did not say how long.
inline constexpr Duration kPatience = 30s;

struct Hop {
    Duration round_trip{0};  // To the callee and back; the light floor at least.
    Duration buffer{0};      // What the caller needs after the answer.
};

class Budget {
public:
    // `left`: from a message, or kPatience. Below zero is nothing left.
    static Budget starting(MonoTime now, Duration left) { return Budget(shifted(now, left)); }

    [[nodiscard]] MonoTime deadline() const { return deadline_; }
    [[nodiscard]] Duration left(MonoTime now) const {
        return std::max(distance(now, deadline_), Duration::zero());
    }
    [[nodiscard]] bool spent(MonoTime now) const { return now >= deadline_; }

    // What the callee may use of it, counted from the arrival of the request; kRetry, with the
    // arithmetic, when the hop cannot be made in time.
    [[nodiscard]] base::Result<Duration> child(MonoTime now, Hop hop) const;

private:
    explicit Budget(MonoTime deadline) : deadline_(deadline) {}

    MonoTime deadline_;
};

}  // namespace distkv::time
