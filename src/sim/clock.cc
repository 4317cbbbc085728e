#include "sim/clock.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::sim {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kNever = INT64_MAX / 2;  // A timer that far away fires in no run.
__extension__ using Wide = __int128;

}  // namespace

time::Duration Clock::oscillator(TrueTime at) const {
    const std::int64_t elapsed = at.time_since_epoch().count();
    const auto gained = static_cast<std::int64_t>(Wide{elapsed} * options_.drift_ppb / kBillion);
    return time::Duration(elapsed + gained);
}

time::MonoTime Clock::mono(TrueTime at) const {
    return time::MonoTime(options_.mono_at_start + oscillator(at));
}

time::WallTime Clock::wall(TrueTime at) const {
    return frozen_at_ ? *frozen_at_ : true_wall(TrueTime{}) + oscillator(at) + offset_;
}

TrueTime Clock::when_mono(time::MonoTime reading) const {
    const std::int64_t wanted = (reading.time_since_epoch() - options_.mono_at_start).count();
    const Wide reached = Wide{wanted} * kBillion / (kBillion + options_.drift_ppb);
    if (reached > kNever) {
        return TrueTime(time::Duration(kNever));
    }
    auto guess = static_cast<std::int64_t>(reached);
    while (oscillator(TrueTime(time::Duration(guess))).count() < wanted) {
        ++guess;  // The division above is off by a nanosecond or two at most.
    }
    return TrueTime(time::Duration(guess));
}

time::WallTime Clock::latest_shown(TrueTime at) const {
    return std::max(latest_before_step_, wall(at));
}

void Clock::stepping(TrueTime at) {
    latest_before_step_ = latest_shown(at);
    last_step_ = at;
}

void Clock::jump(TrueTime at, time::Duration by) {
    stepping(at);
    if (frozen_at_) {
        *frozen_at_ += by;
    } else {
        offset_ += by;
    }
}

void Clock::freeze(TrueTime at) {
    if (!frozen_at_) {
        stepping(at);
        frozen_at_ = wall(at);
    }
}

void Clock::thaw(TrueTime at) {
    if (frozen_at_) {
        stepping(at);
        offset_ = *frozen_at_ - true_wall(TrueTime{}) - oscillator(at);
        frozen_at_.reset();
    }
}

void Clock::correct(TrueTime at) {
    thaw(at);
    jump(at, -error(at));
}

void Clock::reboot(TrueTime at) {
    options_.mono_at_start = -oscillator(at);
}

std::optional<TrueTime> Clock::last_step(TrueTime now) const {
    return frozen_at_ ? now : last_step_;
}

}  // namespace distkv::sim
