// What to stamp with while our own wall clock has just leapt ahead and nobody has confirmed it.
//
// A hybrid clock never goes back, so one stamp taken from a wall that was an hour ahead for a
// moment would leave the node ahead, and refused by its peers, for that hour. So a forward jump
// beyond a limit (ClockWatch measures jumps against the monotonic clock) is held back: stamps go on
// as if the wall had not jumped, until a majority of clocks agrees with ours. If the jump was right
// (a machine that had started with a wrong date), that takes one round of the judge; meanwhile
// stamps are behind, which harms nobody.
//
// A wall that was wrong when the node started is not seen: there is nothing to compare it with.
#pragma once

#include <algorithm>

#include "base/check.h"
#include "base/mutant.h"
#include "time/instant.h"

namespace distkv::time {

class WallDoubt {
public:
    // A forward jump of up to `unquestioned` is taken at once.
    explicit WallDoubt(Duration unquestioned) : unquestioned_(unquestioned) {
        CHECK(unquestioned >= Duration(0));
    }

    // Our wall moved by this much against our monotonic clock, beyond its drift.
    void jumped(Duration by) {
        if (MUTANT(leap_is_believed)) {
            return;
        }
        if (by > unquestioned_ || held_back_ > Duration(0)) {
            held_back_ = std::max(Duration(0), held_back_ + by);
        }
    }

    // A majority of clocks agrees with ours, or there is no other clock.
    void confirmed() { held_back_ = Duration(0); }

    [[nodiscard]] bool doubted() const { return held_back_ > Duration(0); }
    [[nodiscard]] WallTime stamping(WallTime wall) const { return wall - held_back_; }

private:
    Duration unquestioned_;
    Duration held_back_{0};
};

}  // namespace distkv::time
