#include "shard/neighbour.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::shard {

namespace {

// Few, so that what was slow a second ago is forgotten.
constexpr std::size_t kRoundTripsKept = 16;
constexpr std::size_t kRoundTripsMin = 8;

// Longer round trips than this many times what the distance asks for, and than this, say nothing
// about the distance.
constexpr int kPlausibleFactor = 4;
constexpr time::Duration kPlausibleMin = std::chrono::milliseconds(100);

// Spreads every bit of its input over all bits of its output (a multiply and xor-shift mix), so
// that sums of few groups do not cancel out.
std::uint64_t mixed(std::uint64_t x) {
    for (const std::uint64_t odd : {0x9e3779b97f4a7c15U, 0xd6e8feb86659fd93U}) {
        x ^= x >> 32;
        x *= odd;
    }
    return x ^ (x >> 29);
}

std::uint64_t digest_of(Sleeper sleeper) {
    return mixed(mixed(sleeper.group.value) + sleeper.term);
}

}  // namespace

void Dormitory::enter(Sleeper sleeper) {
    CHECK(sleepers_.insert(sleeper).second);
    digest_ ^= digest_of(sleeper);
}

void Dormitory::leave(Sleeper sleeper) {
    CHECK(sleepers_.erase(sleeper) == 1);
    digest_ ^= digest_of(sleeper);
}

void RoundTrips::add(time::Duration rtt) {
    last_.push_back(rtt);
    if (last_.size() > kRoundTripsKept) {
        last_.pop_front();
    }
}

std::optional<time::MeasuredRtt> RoundTrips::measured() const {
    if (last_.size() < kRoundTripsMin) {
        return std::nullopt;
    }
    std::vector<time::Duration> sorted(last_.begin(), last_.end());
    std::ranges::sort(sorted);
    return time::MeasuredRtt{.p50 = sorted[sorted.size() / 2],
                             .p99 = sorted[sorted.size() * 99 / 100]};
}

time::Timeouts timeouts_for(time::Span distance, const RoundTrips& round_trips) {
    const time::Duration most =
        std::max(kPlausibleMin, kPlausibleFactor * time::suggest_timeouts(distance).rtt_p99);
    distance.measured = round_trips.measured();
    if (distance.measured) {
        distance.measured->p50 = std::min(distance.measured->p50, most);
        distance.measured->p99 = std::min(distance.measured->p99, most);
    }
    return time::suggest_timeouts(distance);
}

}  // namespace distkv::shard
