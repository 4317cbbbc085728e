// How far a peer's wall clock is from ours, bounded from ordinary traffic, without trusting either.
//
// What is bounded is D = (peer's wall) - (our monotonic clock), so that jumps of our own wall do
// not disturb it. `floor` is the least one-way delay (light in fibre), or zero where unknown.
//
//   * Heard: the peer's message, stamped by its wall w when sent, arrives at our mono r. It left at
//     least `floor` earlier, so at r the peer's wall shows at least w + floor:
//         D >= w + floor - r
//   * Echoed: our message left at our mono s and reached the peer when its wall showed w. Our
//     mono showed at least s + floor at that moment:
//         D <= w - s - floor
//
// A conversation gives both sides; their distance is the round trip minus 2 x floor minus the time
// the peer thought. Each side ages: between two moments D moves by at most the declared drift
// times the time between them, plus the tolerance below which the peer does not call a change a
// jump. An echo says nothing about *when* the peer's wall showed w, only that it was after
// s; so that side ages from s, which is the larger age.
//
// The clock epoch: the peer numbers the stretches in which its wall kept to its declared drift
// (ClockWatch). A jump of the peer's wall starts a new epoch, numbers only grow, and a reading with
// a newer number drops all that was known; one with an older number was overtaken and is ignored.
//
// Claim: if floors, drifts and tolerance are true, the bounds contain the truth at all times except
// between a jump of the peer's wall and the arrival of its first message sent after it (which gives
// one side; two-sided bounds return with the next round trip). Proof: the peer feeds its watch
// before it stamps, so all readings of one epoch were taken while |change of D| <= drift x time +
// tolerance held for every pair of moments. Each side is a reading true at some moment, widened by
// just that for the time since; the tightest of true bounds is true. A reading taken before the
// jump and kept after it is the exception named above, and it ends when the new epoch's number
// arrives.
//
// If floors are wrong (a region placed on the wrong continent), the two sides may contradict each
// other. Then at most one can be true, so only the newest is kept and the event is counted.
#pragma once

#include <cstdint>
#include <optional>

#include "time/drift.h"

namespace distkv::time {

struct ClockEpoch {
    std::uint64_t number = 0;

    auto operator<=>(const ClockEpoch&) const = default;
};

// (peer's wall) - (our wall) lies in [low, high].
struct OffsetInterval {
    Duration low;
    Duration high;

    bool operator==(const OffsetInterval&) const = default;

    [[nodiscard]] constexpr Duration width() const { return saturating_sub(high, low); }
    [[nodiscard]] constexpr bool contains(Duration offset) const {
        return low <= offset && offset <= high;
    }
    [[nodiscard]] constexpr bool meets(const OffsetInterval& other) const {
        return low <= other.high && other.low <= high;
    }
    [[nodiscard]] constexpr OffsetInterval widened(Duration by) const {
        return {saturating_sub(low, by), saturating_add(high, by)};
    }
};

// What the peer's clock said, in which of its epochs. Readings outside 1824..2116 are not readings
// of a clock but of noise, and are ignored.
struct PeerReading {
    WallTime wall;
    ClockEpoch epoch;
};

struct OffsetOptions {
    // How fast D may move within an epoch: what the peer's ClockWatch lets its wall drift against
    // its monotonic clock, and the drift of both monotonic clocks against true time.
    Drift drift = kServerDrift + kServerDrift + kServerDrift;
    // ClockWatchOptions::tolerance of the peer.
    Duration tolerance = 1us;
};

struct OffsetCounts {
    std::uint64_t used = 0;
    std::uint64_t overtaken = 0;       // Carried an older epoch than one already seen.
    std::uint64_t impossible = 0;      // Out of range, or an echo of a message not yet sent.
    std::uint64_t contradictions = 0;  // Sides of one epoch that exclude each other.
    std::uint64_t epochs = 0;          // Times that what was known was dropped for a newer epoch.
};

// The bounds for one peer. Lives no longer than our monotonic clock: after a restart, start anew,
// and hand in no echo of a message that an earlier incarnation sent.
class OffsetBounds {
public:
    explicit OffsetBounds(OffsetOptions options = {}) : options_(options) {}

    // A message the peer stamped `at_send` arrived when our monotonic clock said `received`.
    void heard(PeerReading at_send, MonoTime received, Duration floor);

    // The peer says: your message, sent at your monotonic `sent`, reached me at `at_receive`. The
    // epoch is that of the reading, which may be older than that of the message carrying the echo.
    void echoed(MonoTime sent, PeerReading at_receive, MonoTime now, Duration floor);

    // (peer's wall - our wall) when our clocks show these two; nothing until both sides are known.
    [[nodiscard]] std::optional<OffsetInterval> at(MonoTime mono, WallTime wall) const;

    [[nodiscard]] ClockEpoch epoch() const { return epoch_; }
    [[nodiscard]] const OffsetCounts& counts() const { return counts_; }

private:
    // A bound on D that was true at `as_of`.
    struct Side {
        Duration value;
        MonoTime as_of;
    };

    bool admit(PeerReading reading);
    [[nodiscard]] Duration growth(Duration age) const;
    [[nodiscard]] Duration low_at(const Side& side, MonoTime now) const;
    [[nodiscard]] Duration high_at(const Side& side, MonoTime now) const;
    void settle(bool newest_is_low, MonoTime now);

    OffsetOptions options_;
    ClockEpoch epoch_;
    std::optional<Side> low_;
    std::optional<Side> high_;
    OffsetCounts counts_;
};

}  // namespace distkv::time
