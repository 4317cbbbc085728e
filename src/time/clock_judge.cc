#include "time/clock_judge.h"

#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::time {
namespace {

struct Clock {
    base::NodeId node;
    OffsetInterval where;  // W of the header.
};

constexpr OffsetInterval kEverywhere{Duration::min(), Duration::max()};

// An end of a closed interval. At one point all openings come before all closings, so that
// intervals that only touch do overlap there.
struct End {
    Duration at;
    bool closes;

    auto operator<=>(const End&) const = default;
};

std::vector<OffsetInterval> covered_by(const std::vector<Clock>& clocks, std::size_t needed) {
    if (needed == 0) {
        return {kEverywhere};
    }
    std::vector<End> ends;
    for (const Clock& clock : clocks) {
        ends.push_back({clock.where.low, false});
        ends.push_back({clock.where.high, true});
    }
    std::ranges::sort(ends);
    std::vector<OffsetInterval> covered;
    std::size_t open = 0;
    Duration since{0};
    for (const End& end : ends) {
        if (!end.closes) {
            if (++open == needed) {
                since = end.at;
            }
        } else if (open-- == needed) {
            covered.push_back({since, end.at});
        }
    }
    return covered;
}

}  // namespace

bool ClockVerdict::names(base::NodeId node) const {
    return std::ranges::binary_search(off, node);
}

ClockVerdict judge_clocks(base::NodeId own, const std::vector<PeerClock>& peers, Duration epsilon) {
    CHECK(epsilon >= Duration::zero());
    std::vector<Clock> clocks{
        {own, OffsetInterval{Duration::zero(), Duration::zero()}.widened(epsilon)}};
    for (const PeerClock& peer : peers) {
        if (peer.offset) {
            clocks.push_back({peer.node, peer.offset->widened(epsilon)});
        }
    }
    ClockVerdict verdict;
    verdict.clocks = peers.size() + 1;
    verdict.measured = clocks.size();
    verdict.majority = MUTANT(judge_minority_rules) ? 1 : verdict.clocks / 2 + 1;

    const std::size_t unmeasured = verdict.clocks - verdict.measured;
    verdict.agreed = covered_by(clocks, verdict.majority - std::min(verdict.majority, unmeasured));
    verdict.determined = verdict.measured >= verdict.majority && !verdict.agreed.empty();
    if (!verdict.determined) {
        return verdict;
    }
    for (const Clock& clock : clocks) {
        const auto meets = [&](const OffsetInterval& part) { return part.meets(clock.where); };
        if (std::ranges::none_of(verdict.agreed, meets)) {
            verdict.off.push_back(clock.node);
        }
    }
    std::ranges::sort(verdict.off);
    return verdict;
}

}  // namespace distkv::time
