// One node's verdict on everybody's clock, its own included: which are provably off?
//
// Let n clocks take part, own wall = o, true time = t (nobody knows it), tau = t - o. A clock is
// *good* when it is within epsilon of t. For each clock i there is an interval containing
// (wall of i) - o: measured from traffic for a peer (offset.h), [0, 0] for our own. If i is good,
// tau lies in that interval widened by epsilon on both sides: call it W(i). An unmeasured clock
// could be anywhere, so its W is everything.
//
// S = the points covered by at least a majority, floor(n / 2) + 1, of the n W(i).
//
// A measured clock whose W does not meet S is named as off. No clock is named when S is empty, or
// when fewer than a majority are measured: then the verdict is "undetermined".
//
// Soundness: if a majority is good, no good clock is named. Proof: tau is in W(i) for every good i,
// hence covered by a majority, hence tau is in S; a good clock's W contains tau and so meets S.
//
// Completeness: let a majority be good, let m be the measured good clocks, m >= n - floor(n / 2),
// and w the widest W of all measured clocks. Every measured clock off by more than 2w is named.
// Proof: any point s of S is covered by a majority, and since m + majority > n one of them is a
// measured good clock g. W(g) holds both s and tau, so |s - tau| <= w. If W(c) met S at s, then, as
// W(c) also holds (wall of c) - o, the clock c would be off by |(wall of c - o) - tau| <=
// |(wall of c - o) - s| + |s - tau| <= w + w.
//
// What no judge can see: a majority that is bad and agrees, such as seven of twelve nodes following
// the same wrong time server. They cover their common error, S lies there, and the good minority
// is named. That is why soundness is claimed under a good majority only, and why the sources of
// epsilon (clock_sources.h) should differ between regions.
#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "time/offset.h"

namespace distkv::time {

struct PeerClock {
    base::NodeId node;
    // (peer's wall) - (our wall), nothing when unmeasured.
    std::optional<OffsetInterval> offset;
};

struct ClockVerdict {
    // False: S is empty or fewer than a majority are measured; nothing can be said of anybody.
    bool determined = false;
    std::size_t clocks = 0;
    std::size_t measured = 0;  // Our own is always measured.
    std::size_t majority = 0;
    // Provably off if a majority is good; ascending; may hold our own id.
    std::vector<base::NodeId> off;
    // Where true time minus our own wall can be, ascending and disjoint.
    std::vector<OffsetInterval> agreed;

    [[nodiscard]] bool names(base::NodeId node) const;
};

// `peers`: every other clock that takes part, each once, measured or not. `epsilon` >= 0: the bound
// within which a clock is called good.
ClockVerdict judge_clocks(base::NodeId own, const std::vector<PeerClock>& peers, Duration epsilon);

}  // namespace distkv::time
