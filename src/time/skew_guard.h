// The two limits on how far ahead of our own wall clock a remote stamp may be.
//
//   own wall        + lease limit             + refusal limit
//   ----|------------------|--------------------------|---------------->
//       accepted           accepted, but the pair     refused: an error that names the offender
//                          has lost its promises
//                          about wall time
//
// The guard keeps no state, so a refused stamp cannot have contaminated anything; whoever asks must
// ask before HlcClock::receive(). It stands where stamps enter a node and where they are made,
// never on log entries: those were judged once, and every replica must apply the same ones.
//
// Stamps in the past are never refused. They cannot push our clock (receive() takes the maximum),
// an honest message may be old by any queue or partition, and a slow clock hurts only its owner:
// it is named by the clock judge, and its writes are lifted above what they answer by receive().
#pragma once

#include <cstdint>

#include "base/id.h"
#include "base/result.h"
#include "time/hlc.h"

namespace distkv::time {

struct SkewLimits {
    Duration refusal = 60s;
    Duration lease = 500ms;
};

enum class SkewVerdict : std::uint8_t {
    kAccept,
    // Data keeps flowing; leases and timestamp-ordered promises between the two are off.
    kLeaseLost,
};

class SkewGuard {
public:
    // 0 <= lease <= refusal; for limits that a person wrote, ask validate() first.
    explicit SkewGuard(SkewLimits limits = {});

    static base::Result<void> validate(SkewLimits limits);

    // Of a stamp made by `from` that reached us when our wall said `own`. kInvalid when refused.
    [[nodiscard]] base::Result<SkewVerdict> judge(WallTime own, Hlc remote,
                                                  base::NodeId from) const;

    [[nodiscard]] const SkewLimits& limits() const { return limits_; }

private:
    SkewLimits limits_;
};

}  // namespace distkv::time
