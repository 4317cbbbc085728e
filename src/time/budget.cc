#include "time/budget.h"

#include <algorithm>

#include "time/duration_text.h"

namespace distkv::time {

base::Result<Duration> Budget::child(MonoTime now, Hop hop) const {
    const Duration have = left(now);
    const Duration share = have / 100 * kChildPercentMax;
    const Duration after_hop = saturating_sub(saturating_sub(have, hop.round_trip), hop.buffer);
    const Duration given = std::min(share, after_hop);
    if (given <= Duration::zero()) {
        return base::fail(base::Errc::kRetry,
                          "the deadline cannot be met: " + to_text(have) + " left, the way takes " +
                              to_text(hop.round_trip) + ", the answer " + to_text(hop.buffer));
    }
    return given;
}

}  // namespace distkv::time
