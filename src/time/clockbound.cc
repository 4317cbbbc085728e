#include "time/clockbound.h"

#include "base/codec.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;

// As the two 32-bit words of the published layout; some writers store the bytes in the printed
// order, others the words in the machine's. Version and size tell the rest, so both are accepted.
constexpr std::string_view kMagicAsBytes("\x41\x4d\x5a\x4e\x43\x42\x02\x00", 8);
constexpr std::string_view kMagicAsWords("\x4e\x5a\x4d\x41\x00\x02\x42\x43", 8);

constexpr std::uint16_t kVersion = 2;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
// The end of what fits into 64 bits of nanoseconds; the daemon writes smaller numbers.
constexpr std::int64_t kSecondsMax = INT64_MAX / kNanosPerSecond - 1;
constexpr Duration kBoundMax = 24h;

base::Result<MonoTime> timespec(base::Decoder& in, std::string_view name) {
    const auto seconds = static_cast<std::int64_t>(TRY(in.fixed<std::uint64_t>()));
    const auto nanos = static_cast<std::int64_t>(TRY(in.fixed<std::uint64_t>()));
    if (seconds < 0 || seconds > kSecondsMax || nanos < 0 || nanos >= kNanosPerSecond) {
        return fail(Errc::kCorrupt, "clockbound segment: " + std::string(name) +
                                        " is no time: " + std::to_string(seconds) + "s " +
                                        std::to_string(nanos) + "ns");
    }
    return MonoTime(Duration(seconds * kNanosPerSecond + nanos));
}

base::Result<std::uint16_t> header(base::Decoder& in, std::size_t segment_bytes) {
    const std::uint64_t magic = TRY(in.fixed<std::uint64_t>());
    const std::string_view magic_bytes(reinterpret_cast<const char*>(&magic), sizeof magic);
    if (magic_bytes != kMagicAsBytes && magic_bytes != kMagicAsWords) {
        return fail(Errc::kCorrupt, "clockbound segment: the magic number does not match");
    }
    const std::uint32_t declared_bytes = TRY(in.fixed<std::uint32_t>());
    const std::uint16_t version = TRY(in.fixed<std::uint16_t>());
    const std::uint16_t generation = TRY(in.fixed<std::uint16_t>());
    if (version != kVersion) {
        return fail(Errc::kCorrupt, "clockbound segment: version " + std::to_string(version) +
                                        "; this program reads version 2");
    }
    if (declared_bytes < kClockBoundSegmentBytes || segment_bytes < kClockBoundSegmentBytes) {
        return fail(Errc::kCorrupt, "clockbound segment: " + std::to_string(declared_bytes) +
                                        " bytes declared, " + std::to_string(segment_bytes) +
                                        " there; version 2 has 80");
    }
    if (generation == 0) {
        return fail(Errc::kRetry, "clockbound segment: the daemon has not written it yet");
    }
    if (generation % 2 == 1) {
        return fail(Errc::kRetry, "clockbound segment: the daemon is writing it just now");
    }
    return generation;
}

}  // namespace

std::string_view name_of(ClockBoundStatus status) {
    switch (status) {
        case ClockBoundStatus::kUnknown:
            return "unknown";
        case ClockBoundStatus::kSynchronized:
            return "synchronized";
        case ClockBoundStatus::kFreeRunning:
            return "free running";
        case ClockBoundStatus::kDisrupted:
            return "disrupted";
    }
    return "?";
}

base::Result<ClockBoundReading> parse_clockbound(base::ByteView segment) {
    base::Decoder in(segment);
    ClockBoundReading reading;
    reading.generation = TRY(header(in, segment.size()));
    reading.as_of = TRY(timespec(in, "as_of"));
    reading.void_after = TRY(timespec(in, "void_after"));
    reading.bound = Duration(static_cast<std::int64_t>(TRY(in.fixed<std::uint64_t>())));
    reading.disruption_marker = TRY(in.fixed<std::uint64_t>());
    reading.max_drift = Drift{TRY(in.fixed<std::uint32_t>())};
    const std::uint32_t status = TRY(in.fixed<std::uint32_t>());
    reading.disruption_support = TRY(in.fixed<std::uint8_t>()) != 0;
    if (reading.bound < Duration::zero() || reading.bound > kBoundMax) {
        return fail(Errc::kCorrupt, "clockbound segment: a bound of " +
                                        std::to_string(reading.bound.count()) + "ns");
    }
    if (status > static_cast<std::uint32_t>(ClockBoundStatus::kDisrupted)) {
        return fail(Errc::kCorrupt, "clockbound segment: unknown status " + std::to_string(status));
    }
    reading.status = static_cast<ClockBoundStatus>(status);
    return reading;
}

}  // namespace distkv::time
