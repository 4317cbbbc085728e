// `distkv sim raft`: replicated groups under faults, one seed or many, and what they have shown.
#pragma once

#include "distkv/swarm.h"

namespace distkv::distkv {

struct SimRaft : SwarmOptions {
    std::size_t voters = 3;
    bool members_stay = false;
};

Scenario raft_scenario(const SimRaft& options);

Exit run_sim_raft(const SimRaft& options, const Output& output);

}  // namespace distkv::distkv
