// What the speed of light says about clocks and causes.
//
// The monitor: a message stamped by the sender's wall cannot arrive, by our wall, sooner than light
// needs for the distance, unless one of the two clocks is wrong. Within both epsilons that proves
// nothing; beyond them it proves that a clock is outside its epsilon.
//
// The cone: an event can have influenced another only if light had the time to go from one to the
// other (in fibre: that is how our messages travel).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "time/geography.h"
#include "time/interval.h"

namespace distkv::time {

enum class LightPolicy : std::uint8_t { kCount, kReject };

struct LightCounts {
    std::uint64_t checked = 0;
    std::uint64_t early = 0;     // Sooner than light, perhaps within the epsilons.
    std::uint64_t proven = 0;    // Sooner than light beyond both epsilons: a clock is wrong.
    std::uint64_t rejected = 0;  // Of those proven, by policy.
    Duration earliest_by{0};     // The largest amount by which one was too early.
};

struct Arrival {
    base::NodeId from;
    WallTime sent;      // By the sender's wall.
    WallTime received;  // By ours.
    Duration floor;     // light_floor of the distance.
    // The bounds on both clocks, together; Duration::max() when one of them has none, and then
    // nothing is ever proven.
    Duration epsilons;
};

class LightMonitor {
public:
    explicit LightMonitor(LightPolicy policy = LightPolicy::kCount) : policy_(policy) {}

    // kInvalid, naming the sender, when the message is to be rejected.
    base::Result<void> check(const Arrival& arrival);

    [[nodiscard]] const std::map<base::NodeId, LightCounts>& counts() const { return counts_; }

private:
    LightPolicy policy_;
    std::map<base::NodeId, LightCounts> counts_;
};

struct Event {
    Coordinates place;
    Interval when;
};

enum class Cone : std::uint8_t {
    kTimelike,   // Light had the time: the earlier may have influenced the later.
    kSpacelike,  // It had not: neither can have influenced the other.
    kUnknown,    // The uncertainty of the times is too large to say.
};

std::string_view name_of(Cone cone);

struct ConeVerdict {
    Cone cone = Cone::kUnknown;
    // Of the two events, when timelike: -1 the first came first, 1 the second, 0 not known.
    int first = 0;
    double distance_metres = 0;
    Duration light{0};      // What light in fibre needs.
    Duration apart_min{0};  // The least and the most time that can lie between the events.
    Duration apart_max{0};
    std::string arithmetic;  // The same as a sentence.
};

ConeVerdict light_cone(const Event& a, const Event& b);

}  // namespace distkv::time
