// How far a peer's wall clock is from ours, bounded from ordinary traffic, without trusting either.
//
// Both machines have a monotonic clock that nobody sets, beside a wall clock that jumps, stands
// still and is set back. So the distance is taken in two parts: E = (peer's mono) - (our mono),
// which only drifts and is bounded by conversation, and the peer's lead = (its wall) - (its mono),
// which the peer reads itself and sends with every message. However its wall behaves, one message
// tells where it now stands.
//
//   * Heard: the peer's message, sent when its mono showed p, arrives at our mono r. It left at
//     least `floor` earlier (light in fibre; zero where unknown), so at r its mono shows at least
//     p + floor:
//         E >= p + floor - r
//   * Echoed: our message left at our mono s and reached the peer when its mono showed p. Our mono
//     showed at least s + floor at that moment:
//         E <= p - s - floor
//
// A conversation gives both sides; their distance is the round trip minus 2 x floor minus the time
// the peer thought. Each side ages: between two moments E moves by at most `mono_drift` times the
// time between them. An echo says nothing about *when* the peer's mono showed p, only that it was
// after s; so that side ages from s, which is the larger age. The lead ages too, by `wall_drift`,
// from the peer's reading on: at most E's upper bound ago.
//
// Claim: if floors and drifts are true, the bounds contain the truth at all times except between a
// step of the peer's wall (against its own mono, beyond drift) and the arrival of its first message
// sent after it. A wall that stands still steps all the time: then the bounds contain what it would
// show if it had gone on from our newest reading of it. Proof: each side of E is true when taken
// and is widened by all that E can have moved since; the tightest of true bounds is true. The lead
// is that of the newest reading, by the peer's own mono, and moves by drift alone until a step.
//
// A peer's mono starts again when its machine does. Its messages carry its incarnation: begin with
// new bounds when that changes, and hand in no echo of a message that an earlier incarnation of
// ours sent.
//
// If floors are wrong (a region placed on the wrong continent), the two sides may contradict each
// other. Then at most one can be true, so only the newest is kept and the event is counted.
#pragma once

#include <cstdint>
#include <optional>

#include "time/drift.h"

namespace distkv::time {

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

// A machine's two clocks at one moment: the wall was read within `apart` after `mono` was.
struct ClockReading {
    MonoTime mono{};
    WallTime wall{};
    Duration apart{};
};

struct OffsetOptions {
    // Of two monotonic clocks against each other.
    Drift mono_drift = kServerDrift + kServerDrift;
    // Of the peer's wall against its own monotonic clock, while nobody sets it.
    Drift wall_drift = kServerDrift;
};

struct OffsetCounts {
    std::uint64_t used = 0;
    std::uint64_t overtaken = 0;       // Older than one already seen; its lead was not taken.
    std::uint64_t impossible = 0;      // Not readings of clocks, or an echo of what was not sent.
    std::uint64_t contradictions = 0;  // Sides that exclude each other.
    std::uint64_t steps = 0;           // Times that the peer's wall was seen to have stepped.
};

// The bounds for one incarnation of one peer. Lives no longer than our monotonic clock.
class OffsetBounds {
public:
    explicit OffsetBounds(OffsetOptions options = {}) : options_(options) {}

    // A message for which the peer read its clocks on sending arrived at our `received`.
    void heard(const ClockReading& at_send, MonoTime received, Duration floor);

    // The peer says: your message, sent at your monotonic `sent`, reached me at `at_receive`.
    void echoed(MonoTime sent, const ClockReading& at_receive, MonoTime now, Duration floor);

    // (peer's wall - our wall) when our clocks show these; nothing until both sides are known.
    [[nodiscard]] std::optional<OffsetInterval> at(const ClockReading& ours) const;

    [[nodiscard]] const OffsetCounts& counts() const { return counts_; }

private:
    // A bound on E that was true at `as_of`.
    struct Side {
        Duration value;
        MonoTime as_of;
    };

    bool admit(const ClockReading& reading);
    void take_lead(const ClockReading& reading);
    [[nodiscard]] Duration growth(Duration age) const;
    [[nodiscard]] Duration low_at(const Side& side, MonoTime now) const;
    [[nodiscard]] Duration high_at(const Side& side, MonoTime now) const;
    void settle(bool newest_is_low, MonoTime now);

    OffsetOptions options_;
    std::optional<Side> low_;
    std::optional<Side> high_;
    std::optional<ClockReading> newest_;
    OffsetCounts counts_;
};

}  // namespace distkv::time
