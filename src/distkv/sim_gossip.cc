#include "distkv/sim_gossip.h"

#include <algorithm>

#include "distkv/arguments.h"
#include "scenario/gossip_run.h"
#include "sim/weather.h"

namespace distkv::distkv {
namespace {

scenario::GossipRun run_of(const SimGossip& options, std::uint64_t seed) {
    scenario::GossipRun run{.seed = seed,
                            .nodes = options.nodes,
                            .length = options.length,
                            .reactors_per_node = options.reactors};
    if (options.calm) {
        run.weather = sim::Weather::calm();
    }
    return run;
}

// Faults heal after 60 % of a run. After that every node must have heard of every other again, and
// it talks to one at a time: a shorter run would be blamed for what it had no time to show.
time::Duration shortest(const SimGossip& options) {
    return std::max<time::Duration>(kSimulatedMin,
                                    std::chrono::seconds(2) * static_cast<int>(options.nodes));
}

}  // namespace

Scenario gossip_scenario(const SimGossip& options) {
    const std::string nodes = std::to_string(options.nodes);
    return {.name = "gossip",
            .size = nodes + " nodes",
            .length_min = shortest(options),
            .length_why = nodes + " nodes to recover after the faults",
            .run =
                [options](std::uint64_t seed, sim::Trace::Lines lines) {
                    scenario::GossipRun run = run_of(options, seed);
                    run.trace_lines = std::move(lines);
                    return scenario::run_gossip(run);
                },
            .options = "--nodes " + nodes +
                       (options.reactors ? " --reactors " + std::to_string(*options.reactors) : ""),
            .areas = {world::MarkArea::kNetwork, world::MarkArea::kClocks},
            .never = {}};
}

Exit run_sim_gossip(const SimGossip& options, const Output& output) {
    return run_swarm(options, gossip_scenario(options), output);
}

}  // namespace distkv::distkv
