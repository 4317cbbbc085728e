#include "time/hlc_clock.h"

#include "base/check.h"

namespace distkv::time {
namespace {

// Stamps kept free under the ceiling while the wall is beyond it: a millisecond holds four million,
// more than one core makes during the slowest disk write, and costs no noticeable staleness.
constexpr std::uint64_t kRoomUnderCeiling = std::uint64_t{1000} << Hlc::kCounterBits;

}  // namespace

HlcClock::HlcClock(Hlc durable_floor, HlcClockOptions options)
    : last_(durable_floor), ceiling_(durable_floor), options_(options) {
    CHECK(options.ceiling_window >= 1ms, "a ceiling window below the room kept under it");
    if (MUTANT(hlc_forgets_persist)) {
        last_ = Hlc{};
    }
}

bool HlcClock::needs_ceiling(WallTime wall) const {
    const Hlc reached = std::max({Hlc::at(wall), last_, turned_away_});
    return reached.ahead_by(options_.ceiling_window / 2) >= ceiling_ && ceiling_ != kHlcMax;
}

Hlc HlcClock::wanted_ceiling(WallTime wall) const {
    const Hlc reached = std::max({Hlc::at(wall), last_, turned_away_});
    return std::max(ceiling_, reached.ahead_by(options_.ceiling_window));
}

base::Result<Hlc> HlcClock::under_ceiling(Hlc next, Hlc above) {
    if (MUTANT(hlc_forgets_persist)) {
        return last_ = next;
    }
    if (above == kHlcMax || (ceiling_ == kHlcMax && above.word + 1 >= ceiling_.word)) {
        return base::fail(base::Errc::kInvalid,
                          "no stamp is left: the last one, of the year 2112, was handed out");
    }
    const Hlc room{ceiling_.word - std::min(ceiling_.word, kRoomUnderCeiling)};
    const Hlc clamped = std::max(Hlc{above.word + 1}, room);
    if (clamped >= ceiling_) {
        return base::fail(base::Errc::kRetry, "no stamp is left below the durable ceiling " +
                                                  to_string(ceiling_) +
                                                  "; it must be raised first");
    }
    return last_ = clamped;
}

base::Result<Hlc> HlcClock::above_ceiling(WallTime wall, Hlc remote) {
    if (remote == kHlcMax) {
        return base::fail(base::Errc::kInvalid,
                          "the last stamp there is cannot be received: "
                          "nothing could come after it");
    }
    turned_away_ = std::max(turned_away_, remote);
    return base::fail(base::Errc::kRetry, "stamp " + to_string(remote) +
                                              " is not below the durable ceiling " +
                                              to_string(ceiling_) + "; raise it first, to " +
                                              to_string(wanted_ceiling(wall)));
}

}  // namespace distkv::time
