#include "time/light.h"

#include <algorithm>
#include <cstdlib>

#include "time/duration_text.h"

namespace distkv::time {
namespace {

std::string kilometres(double metres) {
    return std::to_string(static_cast<std::int64_t>(metres / 1000)) + " km";
}

std::string arithmetic_of(const ConeVerdict& verdict) {
    std::string text = kilometres(verdict.distance_metres) + " need light " +
                       to_text(verdict.light) + "; the events lie " + to_text(verdict.apart_min);
    if (verdict.apart_max != verdict.apart_min) {
        text += " to " + to_text(verdict.apart_max);
    }
    switch (verdict.cone) {
        case Cone::kTimelike:
            return text +
                   " apart: light had the time, so the earlier can have influenced the later";
        case Cone::kSpacelike:
            return text + " apart: too close in time, so neither can have influenced the other";
        case Cone::kUnknown:
            break;
    }
    return text + " apart: the times are too uncertain to say";
}

}  // namespace

base::Result<void> LightMonitor::check(const Arrival& arrival) {
    LightCounts& counts = counts_[arrival.from];
    ++counts.checked;
    const Duration apparent = distance(arrival.sent, arrival.received);
    const Duration early_by = saturating_sub(arrival.floor, apparent);
    if (early_by <= Duration::zero()) {
        return {};
    }
    ++counts.early;
    counts.earliest_by = std::max(counts.earliest_by, early_by);
    if (early_by <= arrival.epsilons) {
        return {};
    }
    ++counts.proven;
    if (policy_ == LightPolicy::kCount) {
        return {};
    }
    ++counts.rejected;
    return base::fail(base::Errc::kInvalid,
                      "a message from node" + base::to_string(arrival.from) + " took " +
                          to_text(apparent) + " by the clocks; light needs " +
                          to_text(arrival.floor) + ". It is " + to_text(early_by) +
                          " too early, more than both clocks' errors (" +
                          to_text(arrival.epsilons) + ") explain: one of the two clocks is wrong");
}

std::string_view name_of(Cone cone) {
    switch (cone) {
        case Cone::kTimelike:
            return "timelike";
        case Cone::kSpacelike:
            return "spacelike";
        case Cone::kUnknown:
            return "unknown";
    }
    return "?";
}

ConeVerdict light_cone(const Event& a, const Event& b) {
    ConeVerdict verdict;
    verdict.distance_metres = geodesic_metres(a.place, b.place);
    verdict.light = light_floor(verdict.distance_metres);
    // From a to b, with sign.
    const Duration least = distance(a.when.latest, b.when.earliest);
    const Duration most = distance(a.when.earliest, b.when.latest);
    const auto magnitude = [](Duration d) {
        return d < Duration::zero() ? saturating_sub(Duration::zero(), d) : d;
    };
    verdict.apart_max = std::max(magnitude(least), magnitude(most));
    const bool order_known = least > Duration::zero() || most < Duration::zero();
    verdict.apart_min =
        order_known ? std::min(magnitude(least), magnitude(most)) : Duration::zero();
    if (order_known) {
        verdict.first = least > Duration::zero() ? -1 : 1;
    }
    if (verdict.apart_min >= verdict.light && (order_known || verdict.light == Duration::zero())) {
        verdict.cone = Cone::kTimelike;
    } else if (verdict.apart_max < verdict.light) {
        verdict.cone = Cone::kSpacelike;
    }
    verdict.arithmetic = arithmetic_of(verdict);
    return verdict;
}

}  // namespace distkv::time
