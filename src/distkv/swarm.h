// Many seeds of one scenario: runs them, a few at a time, and says what they have shown. What
// `distkv sim gossip` and `distkv sim raft` have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "distkv/output.h"
#include "sim/report.h"
#include "sim/trace.h"
#include "time/instant.h"

namespace distkv::distkv {

struct SwarmOptions {
    std::uint64_t seed = 1;
    std::uint64_t seeds = 1;
    time::Duration length = std::chrono::seconds(60);
    std::size_t jobs = 2;
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

struct Scenario {
    std::string name;
    std::string size;  // "12 nodes"
    time::Duration length_min{};
    std::string length_why;  // Less is too short for ...

    // On any thread. `lines`: of the trace, where one is written.
    std::function<sim::RunReport(std::uint64_t seed, sim::Trace::Lines lines)> run;

    std::string options;  // Of the command that runs one seed again.
    std::vector<world::MarkArea> areas;
    std::vector<sim::Fault> never;  // Faults that this scenario cannot have.
};

Exit run_swarm(const SwarmOptions& options, const Scenario& scenario, const Output& output);

// The command that runs this seed, and only this, again.
std::string replay_command(const SwarmOptions& options, const Scenario& scenario,
                           std::uint64_t seed);

}  // namespace distkv::distkv
