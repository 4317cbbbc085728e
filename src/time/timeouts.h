// Timeouts from distance: derived from measured round trips where there are any, and never below
// what light allows.
#pragma once

#include <optional>
#include <string>

#include "time/instant.h"

namespace distkv::time {

struct MeasuredRtt {
    Duration p50;
    Duration p99;
};

// Real links run about 2.5 times the light floor: cables bend, and routers queue.
inline constexpr double kRouteFactor = 2.5;
// Without a measurement, the slowest percent is assumed to take this much longer than the median.
inline constexpr double kTailFactor = 1.5;

// What lies between two places, or across a whole cluster (then its diameter).
struct Span {
    Duration floor_one_way{0};  // Light, straight.
    Duration route_one_way{0};  // Light along the cables: floor x route factor.
    std::optional<MeasuredRtt> measured;
};

struct Timeouts {
    Duration rtt_floor{0};  // 2 x floor: nothing that waits for an answer may wait less.
    Duration rtt_p50{0};    // Measured, else from the route; never below the floor.
    Duration rtt_p99{0};
    Duration consensus_floor{0};  // 2 x diameter / c: a majority must be asked and must answer.
    Duration partition_suspected{
        0};  // 3 x d / c along the cables, and at least the slow round trip.
    Duration heartbeat{0};
    Duration election_min{0};  // Election timers are drawn from [min, max].
    Duration election_max{0};
    Duration rpc_deadline{0};
    Duration failover{0};

    bool operator==(const Timeouts&) const = default;
};

Timeouts suggest_timeouts(const Span& span);

}  // namespace distkv::time
