#include "time/offset.h"

#include <algorithm>

#include "base/mutant.h"

namespace distkv::time {
namespace {

// Far beyond any real clock, and small enough that no sum below can leave 64 bits unnoticed.
constexpr Duration kPlausible{std::int64_t{1} << 62};

}  // namespace

bool OffsetBounds::admit(PeerReading reading) {
    const Duration since_1970 = reading.wall.time_since_epoch();
    if (since_1970 > kPlausible || since_1970 < -kPlausible) {
        ++counts_.impossible;
        return false;
    }
    if (reading.epoch < epoch_) {
        ++counts_.overtaken;
        return false;
    }
    if (reading.epoch > epoch_) {
        if (low_ || high_) {
            ++counts_.epochs;
        }
        epoch_ = reading.epoch;
        low_.reset();
        high_.reset();
    }
    ++counts_.used;
    return true;
}

// `age` is measured by our own drifting clock; drift upon drift covers that.
Duration OffsetBounds::growth(Duration age) const {
    if (MUTANT(offset_ignores_drift)) {
        return Duration::zero();
    }
    const Duration first_order = options_.drift.over(age);
    return first_order + options_.drift.over(first_order);
}

Duration OffsetBounds::low_at(const Side& side, MonoTime now) const {
    return saturating_sub(side.value, growth(distance(side.as_of, now)));
}

Duration OffsetBounds::high_at(const Side& side, MonoTime now) const {
    return saturating_add(side.value, growth(distance(side.as_of, now)));
}

void OffsetBounds::heard(PeerReading at_send, MonoTime received, Duration floor) {
    if (!admit(at_send)) {
        return;
    }
    // The peer's clock may have run slow while the message was under way.
    const Duration least = floor - growth(floor);
    const Side side{saturating_add(at_send.wall.time_since_epoch() - received.time_since_epoch(),
                                   std::max(least, Duration::zero())),
                    received};
    if (!low_ || side.value >= low_at(*low_, received)) {
        low_ = side;
    }
    settle(true, received);
}

void OffsetBounds::echoed(MonoTime sent, PeerReading at_receive, MonoTime now, Duration floor) {
    if (sent > now) {
        ++counts_.impossible;
        return;
    }
    if (!admit(at_receive)) {
        return;
    }
    const Duration least = floor - growth(floor);
    const Side side{saturating_sub(at_receive.wall.time_since_epoch() - sent.time_since_epoch(),
                                   std::max(least, Duration::zero())),
                    sent};
    if (!high_ || high_at(side, now) <= high_at(*high_, now)) {
        high_ = side;
    }
    settle(false, now);
}

void OffsetBounds::settle(bool newest_is_low, MonoTime now) {
    if (!low_ || !high_) {
        return;
    }
    const Duration low = saturating_sub(low_at(*low_, now), options_.tolerance);
    const Duration high = saturating_add(high_at(*high_, now), options_.tolerance);
    if (low <= high) {
        return;
    }
    ++counts_.contradictions;
    (newest_is_low ? high_ : low_).reset();
}

std::optional<OffsetInterval> OffsetBounds::at(MonoTime mono, WallTime wall) const {
    if (!low_ || !high_) {
        return std::nullopt;
    }
    const Duration ours = saturating_sub(wall.time_since_epoch(), mono.time_since_epoch());
    const OffsetInterval known{low_at(*low_, mono), high_at(*high_, mono)};
    const OffsetInterval offset = known.widened(options_.tolerance);
    return OffsetInterval{saturating_sub(offset.low, ours), saturating_sub(offset.high, ours)};
}

}  // namespace distkv::time
