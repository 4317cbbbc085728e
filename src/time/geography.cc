#include "time/geography.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/check.h"

namespace distkv::time {
namespace {

using base::Errc;
using base::fail;

constexpr double kLatitudeMax = 90;
constexpr double kLongitudeMax = 180;
constexpr double kNanosPerMetre = 5;  // 1 / (200,000 km/s)
constexpr double kMetresMax = 1e12;   // Beyond any cable; keeps the product within 64 bits.

bool parse_degrees(std::string_view text, double& degrees) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

base::Result<void> validate(Coordinates at) {
    // Written so that a NaN fails too.
    const bool latitude_fits = std::fabs(at.latitude) <= kLatitudeMax;
    const bool longitude_fits = std::fabs(at.longitude) <= kLongitudeMax;
    if (!latitude_fits || !longitude_fits) {
        return fail(Errc::kInvalid, to_string(at) +
                                        " is no place: latitude goes from -90 to 90, longitude "
                                        "from -180 to 180");
    }
    return {};
}

base::Result<Coordinates> parse_coordinates(std::string_view text) {
    const std::size_t comma = text.find(',');
    Coordinates at;
    if (comma == std::string_view::npos || !parse_degrees(text.substr(0, comma), at.latitude) ||
        !parse_degrees(text.substr(comma + 1), at.longitude)) {
        return fail(Errc::kInvalid, "'" + std::string(text.substr(0, 64)) +
                                        "' is not a pair of degrees like 50.11,8.68");
    }
    TRY(validate(at));
    return at;
}

std::string to_string(Coordinates at) {
    std::array<char, 64> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%.6g,%.6g", at.latitude, at.longitude);
    return {text.data(), static_cast<std::size_t>(size)};
}

Duration light_floor(double metres) {
    CHECK(metres >= 0 && metres <= kMetresMax);
    return Duration(static_cast<std::int64_t>(metres * kNanosPerMetre));
}

Duration light_floor(Coordinates a, Coordinates b) {
    return light_floor(geodesic_metres(a, b));
}

base::Result<Coordinates> locate(std::string_view name_or_coordinates) {
    if (name_or_coordinates.find(',') != std::string_view::npos) {
        return parse_coordinates(name_or_coordinates);
    }
    return TRY(find_place(name_or_coordinates)).at;
}

}  // namespace distkv::time
