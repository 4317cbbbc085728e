// Where log lines go: the standard error stream, each with the moment and the reactor before it.
//
//     2026-11-20T10:15:00.123456Z 7.0 info became_leader shard=7 term=42
#pragma once

#include <string>

#include "base/log.h"
#include "time/instant.h"
#include "world/network.h"

namespace distkv::os {

// RFC 3339 with microseconds, in UTC.
std::string rfc3339(time::WallTime when);

// Puts the machine's wall clock and `who` before each line and passes it on to `lines`.
base::Log::Sink stamped_sink(const world::Address& who, base::Log::Sink lines);

}  // namespace distkv::os
