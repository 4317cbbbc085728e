#include "time/offset.h"

#include <algorithm>

#include "base/mutant.h"

namespace distkv::time {
namespace {

// Far beyond any real clock, and small enough that no sum below can leave 64 bits unnoticed.
constexpr Duration kPlausible{std::int64_t{1} << 61};
constexpr Duration kApartMax = std::chrono::hours(1);

bool plausible(Duration since_start) {
    return -kPlausible <= since_start && since_start <= kPlausible;
}

// (wall - mono) at the moment of the reading lies in [lead - apart, lead].
Duration lead_of(const ClockReading& reading) {
    return saturating_sub(reading.wall.time_since_epoch(), reading.mono.time_since_epoch());
}

// `age` is measured by a clock that drifts itself; drift upon drift covers that.
Duration over(Drift drift, Duration age) {
    const Duration first_order = drift.over(age);
    return saturating_add(first_order, drift.over(first_order));
}

}  // namespace

bool OffsetBounds::admit(const ClockReading& reading) {
    if (!plausible(reading.wall.time_since_epoch()) ||
        !plausible(reading.mono.time_since_epoch()) || reading.apart < Duration::zero() ||
        reading.apart > kApartMax) {
        ++counts_.impossible;
        return false;
    }
    ++counts_.used;
    take_lead(reading);
    return true;
}

void OffsetBounds::take_lead(const ClockReading& reading) {
    if (newest_ && reading.mono < newest_->mono) {
        ++counts_.overtaken;
        return;
    }
    if (newest_) {
        const Duration moved = saturating_sub(lead_of(reading), lead_of(*newest_));
        const Duration drifted = over(options_.wall_drift, distance(newest_->mono, reading.mono));
        if (std::chrono::abs(moved) > drifted + newest_->apart + reading.apart) {
            ++counts_.steps;
        }
    }
    if (newest_ && MUTANT(offset_keeps_first_lead)) {
        return;
    }
    newest_ = reading;
}

Duration OffsetBounds::growth(Duration age) const {
    return MUTANT(offset_ignores_drift) ? Duration::zero() : over(options_.mono_drift, age);
}

Duration OffsetBounds::low_at(const Side& side, MonoTime now) const {
    return saturating_sub(side.value, growth(distance(side.as_of, now)));
}

Duration OffsetBounds::high_at(const Side& side, MonoTime now) const {
    return saturating_add(side.value, growth(distance(side.as_of, now)));
}

void OffsetBounds::heard(const ClockReading& at_send, MonoTime received, Duration floor) {
    if (!admit(at_send)) {
        return;
    }
    // The peer's clock may have run slow while the message was under way.
    const Duration least = std::max(floor - growth(floor), Duration::zero());
    const Duration gone =
        saturating_sub(at_send.mono.time_since_epoch(), received.time_since_epoch());
    const Side side{saturating_add(gone, least), received};
    if (!low_ || side.value >= low_at(*low_, received)) {
        low_ = side;
    }
    settle(true, received);
}

void OffsetBounds::echoed(MonoTime sent, const ClockReading& at_receive, MonoTime now,
                          Duration floor) {
    if (sent > now) {
        ++counts_.impossible;
        return;
    }
    if (!admit(at_receive)) {
        return;
    }
    const Duration least = std::max(floor - growth(floor), Duration::zero());
    const Duration gone =
        saturating_sub(at_receive.mono.time_since_epoch(), sent.time_since_epoch());
    const Side side{saturating_sub(gone, least), sent};
    if (!high_ || high_at(side, now) <= high_at(*high_, now)) {
        high_ = side;
    }
    settle(false, now);
}

void OffsetBounds::settle(bool newest_is_low, MonoTime now) {
    if (!low_ || !high_ || low_at(*low_, now) <= high_at(*high_, now)) {
        return;
    }
    ++counts_.contradictions;
    (newest_is_low ? high_ : low_).reset();
}

std::optional<OffsetInterval> OffsetBounds::at(const ClockReading& ours) const {
    if (!low_ || !high_) {
        return std::nullopt;
    }
    const Duration low = low_at(*low_, ours.mono);
    const Duration high = high_at(*high_, ours.mono);
    // The peer's mono shows at most this now, so the newest reading is at most that old.
    const Duration age = saturating_sub(saturating_add(ours.mono.time_since_epoch(), high),
                                        newest_->mono.time_since_epoch());
    const Duration drifted = over(options_.wall_drift, std::max(age, Duration::zero()));
    const Duration lead = lead_of(*newest_);
    const Duration own = lead_of(ours);
    return OffsetInterval{
        saturating_sub(saturating_add(low, lead),
                       saturating_add(own, saturating_add(newest_->apart, drifted))),
        saturating_add(saturating_sub(saturating_add(high, lead), own),
                       saturating_add(ours.apart, drifted))};
}

}  // namespace distkv::time
