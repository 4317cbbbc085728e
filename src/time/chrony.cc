#include "time/chrony.h"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "time/saturate.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kFields = 14;
constexpr std::size_t kLineBytesMax = 1024;
constexpr double kNanosPerSecond = 1e9;
constexpr double kBinaryNoise = 1e-3;  // Of nanoseconds, from decimals that are no binary fraction.
constexpr double kSecondsMax = 9e9;    // Fits 64 bits of nanoseconds.

constexpr std::array<std::string_view, 4> kLeapNames{"Normal", "Insert second", "Delete second",
                                                     "Not synchronised"};

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t comma = line.find(',');
        fields.push_back(line.substr(0, comma));
        if (comma == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(comma + 1);
    }
}

// Seconds as a decimal fraction. chronyc prints nanoseconds, which come back exactly; anything
// finer is rounded away from zero, because a bound must not lose any.
base::Result<Duration> seconds(std::string_view text, std::string_view name) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
        std::fabs(value) > kSecondsMax) {
        return fail(Errc::kCorrupt, "chronyc tracking: " + std::string(name) + " is '" +
                                        std::string(text) + "', not a number of seconds");
    }
    const double nanos = value * kNanosPerSecond;
    const double whole = std::round(nanos);
    if (std::fabs(nanos - whole) < kBinaryNoise) {
        return Duration(static_cast<std::int64_t>(whole));
    }
    return Duration(static_cast<std::int64_t>(nanos < 0 ? std::floor(nanos) : std::ceil(nanos)));
}

base::Result<LeapStatus> leap_status(std::string_view text) {
    for (std::size_t i = 0; i < kLeapNames.size(); ++i) {
        if (kLeapNames[i] == text) {
            return static_cast<LeapStatus>(i);
        }
    }
    return fail(Errc::kCorrupt,
                "chronyc tracking: unknown leap status '" + std::string(text) + "'");
}

}  // namespace

std::string_view name_of(LeapStatus leap) {
    return kLeapNames[static_cast<std::size_t>(leap)];
}

Duration ChronyReading::root_distance() const {
    const Duration magnitude = offset < Duration::zero() ? -offset : offset;
    const Duration half_delay = root_delay / 2 + root_delay % 2;
    return saturating_add(saturating_add(magnitude, root_dispersion), half_delay);
}

base::Result<ChronyReading> parse_chrony(std::string_view csv_line, MonoTime read_at) {
    if (csv_line.size() > kLineBytesMax) {
        return fail(Errc::kCorrupt, "chronyc tracking: a line above 1024 bytes");
    }
    while (csv_line.ends_with('\n') || csv_line.ends_with('\r')) {
        csv_line.remove_suffix(1);
    }
    const std::vector<std::string_view> field = split(csv_line);
    if (field.size() != kFields) {
        return fail(Errc::kCorrupt, "chronyc tracking: " + std::to_string(field.size()) +
                                        " fields instead of 14: '" +
                                        std::string(csv_line.substr(0, 80)) + "'");
    }
    ChronyReading reading;
    reading.read_at = read_at;
    reading.reference = std::string(field[1].empty() ? field[0] : field[1]);
    const auto [end, error] =
        std::from_chars(field[2].data(), field[2].data() + field[2].size(), reading.stratum);
    if (error != std::errc() || end != field[2].data() + field[2].size()) {
        return fail(Errc::kCorrupt, "chronyc tracking: stratum is '" + std::string(field[2]) + "'");
    }
    reading.reference_time = WallTime(TRY(seconds(field[3], "reference time")));
    reading.offset = TRY(seconds(field[4], "system time offset"));
    reading.root_delay = TRY(seconds(field[10], "root delay"));
    reading.root_dispersion = TRY(seconds(field[11], "root dispersion"));
    reading.update_interval = TRY(seconds(field[12], "update interval"));
    reading.leap = TRY(leap_status(field[13]));
    if (reading.root_delay < Duration::zero() || reading.root_dispersion < Duration::zero()) {
        return fail(Errc::kCorrupt, "chronyc tracking: a negative root delay or dispersion");
    }
    return reading;
}

}  // namespace distkv::time
