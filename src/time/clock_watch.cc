#include "time/clock_watch.h"

namespace distkv::time {

std::optional<Duration> ClockWatch::feed(MonoTime mono, WallTime wall) {
    const Reading now{mono, saturating_sub(wall.time_since_epoch(), mono.time_since_epoch())};
    if (!lowest_ || !highest_) {
        lowest_ = highest_ = now;
        return std::nullopt;
    }
    const Duration above =
        saturating_add(lowest_->lead, options_.drift.over(distance(lowest_->mono, mono)));
    const Duration below =
        saturating_sub(highest_->lead, options_.drift.over(distance(highest_->mono, mono)));
    const Duration too_high = saturating_sub(now.lead, above);
    const Duration too_low = saturating_sub(below, now.lead);
    if (too_high > options_.tolerance || too_low > options_.tolerance) {
        lowest_ = highest_ = now;
        return too_high > options_.tolerance ? too_high : -too_low;
    }
    if (now.lead <= above) {
        lowest_ = now;
    }
    if (now.lead >= below) {
        highest_ = now;
    }
    return std::nullopt;
}

}  // namespace distkv::time
