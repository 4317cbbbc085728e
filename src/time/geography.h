// Places on Earth, the distance between them along the ground, and the least time light in fibre
// needs for it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::time {

struct Coordinates {
    double latitude = 0;   // Degrees north, -90 to 90.
    double longitude = 0;  // Degrees east, -180 to 180.

    bool operator==(const Coordinates&) const = default;
};

base::Result<void> validate(Coordinates at);

// "50.11,8.68"
base::Result<Coordinates> parse_coordinates(std::string_view text);
std::string to_string(Coordinates at);

// Along the WGS84 ellipsoid; symmetric.
double geodesic_metres(Coordinates a, Coordinates b);

// At 200,000 km/s, 5 ns a metre, rounded down: a floor may be too low but never too high. Glass of
// today carries light up to 2 % faster, but no cable is within 2 % of the shortest line. Links that
// are not glass (microwave, hollow fibre, satellites) can be faster by up to half; where they are
// in use, take zero as the floor.
Duration light_floor(double metres);
Duration light_floor(Coordinates a, Coordinates b);

// A region or city known by name.
struct Place {
    std::string_view name;  // "us-east"
    std::string_view city;  // "Ashburn, Virginia"
    Coordinates at;
    std::string_view aliases;  // Separated by blanks: "us-east-1 virginia"
};

// All places known, in a fixed order: regions of the clouds first, then cities.
std::span<const Place> gazetteer();

// Twelve cities on all continents, as the simulated planet uses them.
std::span<const std::string_view> twelve_cities();

// By name or alias, in any case; the error suggests the nearest spelling.
base::Result<Place> find_place(std::string_view name);

// A name of the gazetteer, or "lat,lon".
base::Result<Coordinates> locate(std::string_view name_or_coordinates);

}  // namespace distkv::time
