// The one file that knows GeographicLib.
#include <cmath>
#include <utility>

#include <GeographicLib/Geodesic.hpp>

#include "base/check.h"
#include "time/geography.h"

namespace distkv::time {

double geodesic_metres(Coordinates a, Coordinates b) {
    CHECK(validate(a).has_value() && validate(b).has_value());
    // Inverse() is symmetric but for the last bits; a fixed order takes those away too.
    if (b.latitude < a.latitude || (b.latitude == a.latitude && b.longitude < a.longitude)) {
        std::swap(a, b);
    }
    double metres = 0;
    GeographicLib::Geodesic::WGS84().Inverse(a.latitude, a.longitude, b.latitude, b.longitude,
                                             metres);
    // Whole metres, so that the last bits of a math library decide nothing.
    return std::floor(metres);
}

}  // namespace distkv::time
