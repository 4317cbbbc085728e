// The clock of a simulated node. The oscillator runs a little fast or slow for the life of the
// machine (drift, within what is declared); the wall clock sits on top of it with an offset that
// faults change, and may freeze. A crash of the node does not stop it.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/true_time.h"
#include "time/instant.h"

namespace distkv::sim {

class Clock {
public:
    struct Options {
        std::int64_t drift_ppb = 0;      // Parts per billion, positive is fast.
        time::Duration offset{};         // Of the wall clock, at the beginning.
        time::Duration mono_at_start{};  // Machines have been up for different times.
    };
    explicit Clock(Options options) : options_(options), offset_(options.offset) {}

    [[nodiscard]] time::MonoTime mono(TrueTime at) const;
    [[nodiscard]] time::WallTime wall(TrueTime at) const;

    // The first moment at which mono() is at least `reading`.
    [[nodiscard]] TrueTime when_mono(time::MonoTime reading) const;

    // How far the wall clock is ahead of the truth.
    [[nodiscard]] time::Duration error(TrueTime at) const { return wall(at) - true_wall(at); }

    // The furthest it has ever shown.
    [[nodiscard]] time::WallTime latest_shown(TrueTime at) const;

    void jump(TrueTime at, time::Duration by);
    void freeze(TrueTime at);
    void thaw(TrueTime at);  // Goes on from where it stood.
    void correct(TrueTime at);
    void reboot(TrueTime at);  // The monotonic clock starts again; the wall clock has a battery.
    [[nodiscard]] bool ever_stepped() const { return last_step_.has_value(); }
    [[nodiscard]] bool frozen() const { return frozen_at_.has_value(); }

    // The last time at which the wall clock moved against the oscillator; while it is frozen it
    // does so all the time.
    [[nodiscard]] std::optional<TrueTime> last_step(TrueTime now) const;

private:
    [[nodiscard]] time::Duration oscillator(TrueTime at) const;  // Elapsed, as it counts.
    void stepping(TrueTime at);

    Options options_;
    time::Duration offset_;
    std::optional<time::WallTime> frozen_at_;
    std::optional<TrueTime> last_step_;
    time::WallTime latest_before_step_ = time::WallTime::min();
};

}  // namespace distkv::sim
