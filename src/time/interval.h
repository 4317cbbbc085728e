// What a clock with error bounds can say: true time is somewhere in [earliest, latest]. Questions
// about order get a definite answer or "unknown", never a guess (TrueTime; Corbett et al., 2012).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "time/saturate.h"

namespace distkv::time {

enum class Answer : std::uint8_t { kYes, kNo, kUnknown };

std::string_view name_of(Answer answer);

struct Interval {
    WallTime earliest;
    WallTime latest;

    bool operator==(const Interval&) const = default;

    static constexpr Interval around(WallTime wall, Duration epsilon) {
        return {shifted(wall, -epsilon), shifted(wall, epsilon)};
    }
    static constexpr Interval exactly(WallTime at) { return {at, at}; }

    [[nodiscard]] constexpr Duration width() const { return distance(earliest, latest); }

    // Did the moment described by this interval come before the one described by `other`?
    // Intervals that touch may mean the same moment, and then it did not.
    [[nodiscard]] constexpr Answer before(const Interval& other) const {
        if (latest < other.earliest) {
            return Answer::kYes;
        }
        return earliest >= other.latest ? Answer::kNo : Answer::kUnknown;
    }
    [[nodiscard]] constexpr Answer after(const Interval& other) const {
        return other.before(*this);
    }
    // "Is `ts` certainly in the future / certainly over?" for an interval that means now.
    [[nodiscard]] constexpr Answer before(WallTime ts) const { return before(exactly(ts)); }
    [[nodiscard]] constexpr Answer after(WallTime ts) const { return after(exactly(ts)); }

    [[nodiscard]] constexpr bool overlaps(const Interval& other) const {
        return earliest <= other.latest && other.earliest <= latest;
    }
};

// Commit-wait: the first reading of our own wall at which `ts` is certainly over everywhere, that
// is at which `Interval::around(wall, epsilon).after(ts)` is kYes.
constexpr WallTime wait_until(WallTime ts, Duration epsilon) {
    return shifted(shifted(ts, epsilon), Duration(1));
}

// The metric "most commit intervals overlapping at once".
class OverlapGauge {
public:
    void begin() { most_ = std::max(most_, ++open_); }
    void end();

    [[nodiscard]] std::uint64_t open() const { return open_; }
    [[nodiscard]] std::uint64_t most() const { return most_; }

private:
    std::uint64_t open_ = 0;
    std::uint64_t most_ = 0;
};

}  // namespace distkv::time
