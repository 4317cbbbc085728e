// Makes the stamps of one reactor. Two promises:
//
//   1. Every stamp is above every stamp made or received before, across restarts and whatever the
//      wall clock does.
//   2. Every stamp is below a *ceiling* that was durable before the stamp was made. After a crash
//      the owner starts again from the durable ceiling, so promise 1 survives without a disk
//      write for each stamp.
//
// The owner's loop, which never has to wait on the hot path:
//
//     if (clock.needs_ceiling(wall)) {              // well before stamps run out
//         const Hlc wanted = clock.wanted_ceiling(wall);
//         ... write `wanted` durably ...
//         clock.raise_ceiling(wanted);
//     }
//
// A wall beyond the ceiling (the disk is slow, or the wall jumped) does not stop stamping: stamps
// are taken from just under the ceiling and count up; only when none is left the answer is kRetry.
// A wall that was ahead once leaves the clock ahead for good: stamps then count up until true time
// has caught up. So an owner that doubts its own wall (ClockWatch, the clock judge) must not hand
// it in, and must not make a ceiling from it durable.
// Judging whether a remote stamp may be believed at all is the skew guard's task, before receive().
#pragma once

#include <algorithm>

#include "base/mutant.h"
#include "time/hlc.h"

namespace distkv::time {

struct HlcClockOptions {
    // How far ahead of the wall a ceiling is asked for. Longer means fewer disk writes, and a
    // longer time that a restarted node is ahead of its wall clock.
    Duration ceiling_window = 2s;
};

class HlcClock {
public:
    // `durable_floor`: the ceiling that was durable when this node last ran, zero for a new one.
    explicit HlcClock(Hlc durable_floor, HlcClockOptions options = {});

    // A new stamp for an event of our own (a send, a write).
    base::Result<Hlc> now(WallTime wall) { return next_above(wall, last_); }

    // A new stamp for the event of receiving `remote`: above it and above everything of ours.
    // kRetry also when `remote` is not below the ceiling; wanted_ceiling() then covers it, and the
    // same call succeeds once that ceiling was raised. Until then nothing has changed.
    base::Result<Hlc> receive(WallTime wall, Hlc remote) {
        if (remote >= ceiling_ && !MUTANT(hlc_forgets_persist)) [[unlikely]] {
            return above_ceiling(wall, remote);
        }
        const Hlc above = MUTANT(receive_skips_merge) ? last_ : std::max(last_, remote);
        return next_above(wall, above);
    }

    [[nodiscard]] Hlc last() const { return last_; }
    [[nodiscard]] Hlc ceiling() const { return ceiling_; }

    // True when less than half of the window is left, or a receive() was turned away.
    [[nodiscard]] bool needs_ceiling(WallTime wall) const;
    [[nodiscard]] Hlc wanted_ceiling(WallTime wall) const;

    // `durable` is safely on disk. Lower ones than the present (writes that finished out of order)
    // change nothing.
    void raise_ceiling(Hlc durable) { ceiling_ = std::max(ceiling_, durable); }

private:
    base::Result<Hlc> next_above(WallTime wall, Hlc above) {
        const Hlc at_wall = Hlc::at(wall);
        const Hlc next = at_wall > above ? at_wall : Hlc{above.word + 1};
        if (next >= ceiling_ || next < above) [[unlikely]] {  // The second only at the last word.
            return under_ceiling(next, above);
        }
        return last_ = next;
    }
    base::Result<Hlc> under_ceiling(Hlc next, Hlc above);
    base::Result<Hlc> above_ceiling(WallTime wall, Hlc remote);

    Hlc last_;
    Hlc ceiling_;
    Hlc turned_away_;  // The highest remote stamp that had to wait for a ceiling.
    HlcClockOptions options_;
};

}  // namespace distkv::time
