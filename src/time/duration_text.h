// Durations for people: "1.5s", "120ms", "98us", "7ns", "-3.25ms"; and back, as configuration files
// and command lines write them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "time/instant.h"

namespace distkv::time {

// At most three decimals, cut towards zero, in the largest of h, min, s, ms, us, ns that fits.
std::string to_text(Duration duration);

// A decimal number and a unit (ns, us, ms, s, m, min, h): "250ms", "1.5s", "10m".
base::Result<Duration> parse_duration(std::string_view text);

}  // namespace distkv::time
