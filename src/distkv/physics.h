// `distkv physics A B...`: what the distance between places costs, the timeouts it asks for, and
// what a cut cable changes.
#pragma once

#include <string>
#include <vector>

#include "distkv/output.h"
#include "time/timeouts.h"

namespace distkv::distkv {

struct Physics {
    std::vector<std::string> places;  // Names of the gazetteer, or "lat,lon".
    double route_factor = time::kRouteFactor;
    std::vector<std::string> cuts;  // "us-east-eu-west": two of the places, and a dash between.
    bool json = false;
};

inline constexpr std::size_t kPlacesMax = 64;
inline constexpr double kRouteFactorMax = 100;

Exit run_physics(const Physics& options, const Output& output);

}  // namespace distkv::distkv
