// The hybrid logical clock: one 64-bit word that orders events across machines so that an effect is
// always above its cause, and stays close to the wall clock (Kulkarni et al., 2014).
//
//      63                                                    12 11            0
//     +--------------------------------------------------------+--------------+
//     |  microseconds since 1970-01-01 UTC (until 2112)        |   counter    |
//     +--------------------------------------------------------+--------------+
//
// The counter carries into the microseconds, so the next stamp after `word` is `word + 1`. On disk
// and wire: the word as 8 bytes, little-endian.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "base/id.h"
#include "base/result.h"
#include "time/instant.h"

namespace distkv::time {

struct Hlc {
    static constexpr unsigned kCounterBits = 12;
    static constexpr std::uint64_t kCounterMax = (std::uint64_t{1} << kCounterBits) - 1;
    static constexpr std::uint64_t kMicrosMax = UINT64_MAX >> kCounterBits;

    std::uint64_t word = 0;

    auto operator<=>(const Hlc&) const = default;

    // The first stamp of that microsecond. Walls before 1970 give zero, walls beyond 2112 the last
    // microsecond there is.
    static constexpr Hlc at(WallTime wall) {
        const std::int64_t nanos = wall.time_since_epoch().count();
        if (nanos <= 0) {
            return Hlc{};
        }
        const auto micros = static_cast<std::uint64_t>(nanos) / 1000;
        return Hlc{(micros < kMicrosMax ? micros : kMicrosMax) << kCounterBits};
    }

    [[nodiscard]] constexpr std::uint64_t micros() const { return word >> kCounterBits; }
    [[nodiscard]] constexpr std::uint64_t counter() const { return word & kCounterMax; }
    [[nodiscard]] constexpr WallTime physical() const {
        return WallTime(Duration(static_cast<std::int64_t>(micros()) * 1000));
    }

    // This stamp moved ahead in time; stops at the last stamp there is.
    [[nodiscard]] constexpr Hlc ahead_by(Duration by) const {
        const std::uint64_t step = at(WallTime(by)).word;
        return Hlc{word > UINT64_MAX - step ? UINT64_MAX : word + step};
    }

    void encode(base::Encoder& out) const { out.fixed(word); }
    static base::Result<Hlc> decode(base::Decoder& in) {
        return Hlc{TRY(in.fixed<std::uint64_t>())};
    }
};

inline constexpr Hlc kHlcMax{UINT64_MAX};

// A stamp with the node that made it: a total order, since two nodes may make the same word.
struct Stamp {
    Hlc hlc;
    base::NodeId node;

    auto operator<=>(const Stamp&) const = default;
};

// "2026-11-20T10:15:00.123456Z"
std::string to_string(WallTime wall);
// "2026-11-20T10:15:00.123456Z+42"
std::string to_string(Hlc hlc);
// "2026-11-20T10:15:00.123456Z+42@node7"
std::string to_string(const Stamp& stamp);

// The exact inverses: one text for each value, anything else is kInvalid.
base::Result<Hlc> parse_hlc(std::string_view text);
base::Result<Stamp> parse_stamp(std::string_view text);

}  // namespace distkv::time
