#include "distkv/sim_raft.h"

#include <utility>

#include "scenario/raft_run.h"
#include "sim/weather.h"

namespace distkv::distkv {

Scenario raft_scenario(const SimRaft& options) {
    const std::string voters = std::to_string(options.voters);
    return {.name = "raft",
            .size = voters + (options.voters == 1 ? " voter" : " voters"),
            .length_min = kSimulatedMin,
            .length_why = "groups to recover after the faults",
            .run = [options](std::uint64_t seed, sim::Trace::Lines lines) -> sim::RunReport {
                scenario::RaftRun run{.seed = seed,
                                      .voters = options.voters,
                                      .length = options.length,
                                      .members_change = !options.members_stay};
                if (options.calm) {
                    run.weather = sim::Weather::calm();
                }
                run.story = std::move(lines);
                return scenario::run_raft(run);
            },
            .options = "--voters " + voters + (options.members_stay ? " --members-stay" : ""),
            .areas = {world::MarkArea::kNetwork, world::MarkArea::kGroups},
            // A node has one reactor here, which talks to no other.
            .never = {sim::Fault::kReactorDelay}};
}

Exit run_sim_raft(const SimRaft& options, const Output& output) {
    return run_swarm(options, raft_scenario(options), output);
}

}  // namespace distkv::distkv
