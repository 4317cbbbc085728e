#include "time/timeouts.h"

#include <algorithm>

#include "time/saturate.h"

namespace distkv::time {
namespace {

// Below these, scheduling and disks dominate and distance says nothing.
constexpr Duration kHeartbeatMin = 20ms;
constexpr Duration kElectionMin = 150ms;
constexpr Duration kRpcMin = 100ms;
// What the far side may need beside the network: a queue, an fsync.
constexpr Duration kServiceAllowance = 50ms;

}  // namespace

Timeouts suggest_timeouts(const Span& span) {
    Timeouts t;
    const Duration route = std::max(span.route_one_way, span.floor_one_way);
    t.rtt_floor = 2 * span.floor_one_way;
    t.consensus_floor = t.rtt_floor;
    // A measurement below the floor is wrong (or the geography is): the floor wins.
    t.rtt_p50 = std::max(t.rtt_floor, span.measured ? span.measured->p50 : 2 * route);
    t.rtt_p99 =
        std::max(t.rtt_p50, span.measured ? span.measured->p99 : scaled(t.rtt_p50, kTailFactor));
    t.partition_suspected = std::max(3 * route, t.rtt_p99);
    t.heartbeat = std::max(kHeartbeatMin, t.rtt_p50 / 2);
    // Raft 9: broadcast time << election timeout. Ten heartbeats may be lost or late, and one slow
    // round trip must fit besides.
    t.election_min = std::max(kElectionMin, 10 * t.heartbeat + t.rtt_p99);
    // Twice as wide, so that two candidates seldom wake within one round trip of each other.
    t.election_max = 2 * t.election_min;
    t.rpc_deadline = std::max(kRpcMin, 2 * t.rtt_p99 + kServiceAllowance);
    // One election must have had its chance, with a vote and a first heartbeat.
    t.failover = t.election_max + 2 * t.rtt_p99 + kServiceAllowance;
    return t;
}

}  // namespace distkv::time
