// `distkv sim gossip`: one seed or many, and what they have shown.
#pragma once

#include <cstdint>
#include <optional>

#include "distkv/swarm.h"

namespace distkv::distkv {

struct SimGossip : SwarmOptions {
    std::size_t nodes = 12;
    std::optional<std::size_t> reactors;
};

inline constexpr std::size_t kSimReactorsMax = 8;

Scenario gossip_scenario(const SimGossip& options);
Exit run_sim_gossip(const SimGossip& options, const Output& output);

}  // namespace distkv::distkv
