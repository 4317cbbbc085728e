// `distkv sim gossip`: one seed or many, and what they have shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "distkv/output.h"
#include "time/instant.h"

namespace distkv::distkv {

struct SimGossip {
    std::size_t nodes = 12;
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    time::Duration length = std::chrono::seconds(60);
    std::size_t jobs = 2;
    std::optional<std::size_t> reactors;
    bool calm = false;
    bool strict = false;
    bool json = false;
    std::string hash_list;  // A file, or empty.
    std::string trace;      // A file, or empty.
};

// Each bounds the work or the memory that one command may ask for.
inline constexpr std::uint64_t kSeedsMax = 1'000'000;
inline constexpr time::Duration kSimulatedMin = std::chrono::seconds(60);
inline constexpr time::Duration kSimulatedMax = std::chrono::hours(24);
inline constexpr std::size_t kJobsMax = 256;  // No more than there are cores are used.
inline constexpr std::size_t kSimReactorsMax = 8;

Exit run_sim_gossip(const SimGossip& options, const Output& output);

}  // namespace distkv::distkv
