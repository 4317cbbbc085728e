// "2026-11-20T10:15:00.080Z±5ms": a moment as people write it, and how sure they are of it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "time/interval.h"

namespace distkv::distkv {

// UTC, the years 1970 to 2200, up to nine decimals of a second. After it ± or +- and a duration of
// up to a day, or nothing: then the moment is exact.
base::Result<time::Interval> parse_moment(std::string_view text);

}  // namespace distkv::distkv
