#include "time/skew_guard.h"

#include "base/check.h"
#include "base/mutant.h"
#include "time/duration_text.h"

namespace distkv::time {

using base::Errc;
using base::fail;

SkewGuard::SkewGuard(SkewLimits limits) : limits_(limits) {
    CHECK(validate(limits).has_value());
}

base::Result<void> SkewGuard::validate(SkewLimits limits) {
    if (limits.lease < Duration::zero() || limits.refusal < limits.lease) {
        return fail(Errc::kInvalid, "skew limits: the lease limit (" + to_text(limits.lease) +
                                        ") must be between zero and the refusal limit (" +
                                        to_text(limits.refusal) + ")");
    }
    return {};
}

base::Result<SkewVerdict> SkewGuard::judge(WallTime own, Hlc remote, base::NodeId from) const {
    // Through Hlc, because that is what our own wall could have produced: at least 1970, at most
    // 2112; so the difference cannot overflow either.
    const Duration ahead = remote.physical() - Hlc::at(own).physical();
    if (ahead > limits_.refusal && !MUTANT(skew_guard_off)) {
        return fail(Errc::kInvalid, "stamp " + to_string(Stamp{remote, from}) + " is " +
                                        to_text(ahead) + " ahead of the clock here (" +
                                        to_string(own) + "); the limit is " +
                                        to_text(limits_.refusal) + ". Check the clock of node" +
                                        base::to_string(from));
    }
    return ahead > limits_.lease ? SkewVerdict::kLeaseLost : SkewVerdict::kAccept;
}

}  // namespace distkv::time
