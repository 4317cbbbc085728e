// One simulated run of gossip, from a seed to a report.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "gossip/gossip.h"
#include "sim/planet.h"
#include "sim/report.h"

namespace distkv::scenario {

struct GossipRun {
    std::uint64_t seed = 1;
    std::size_t nodes = 12;
    time::Duration length = std::chrono::seconds(60);
    std::optional<sim::Weather> weather = std::nullopt;  // Drawn from the seed when not given.
    std::optional<std::size_t> reactors_per_node = std::nullopt;
    sim::Trace::Lines trace_lines = {};
    // Schedules what this run is about, beside what the weather brings.
    std::function<void(sim::Planet& planet)> arrange = {};
};

// Two to `kGossipNodesMax` nodes; the first twelve stand in twelve cities on all continents.
inline constexpr std::size_t kGossipNodesMax = 100;

sim::RunReport run_gossip(const GossipRun& run);

}  // namespace distkv::scenario
