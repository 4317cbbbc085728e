// One simulated run of replicated groups, from a seed to a report: hosts with real logs on
// simulated disks, clients of every kind, members that come and go, all faults.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "sim/planet.h"
#include "sim/report.h"

namespace distkv::scenario {

inline constexpr std::size_t kVotersMax = 9;

struct RaftRun {
    std::uint64_t seed = 1;
    std::size_t voters = 3;  // At the beginning; two more nodes stand by.
    time::Duration length = std::chrono::seconds(60);
    std::optional<sim::Weather> weather = std::nullopt;  // Drawn from the seed when not given.
    bool members_change = true;
    sim::Trace::Lines trace_lines = {};
    // Every message and every change of a replica's state, a JSON object a line.
    std::function<void(std::string_view line)> story = {};
    // Schedules what this run is about, beside what the weather brings.
    std::function<void(sim::Planet& planet)> arrange = {};
};

struct RaftCounts {
    std::uint64_t committed = 0;
    std::uint64_t leaders = 0;
    std::uint64_t reads = 0;
    std::uint64_t changes = 0;
    std::uint64_t closed = 0;  // Followers that could answer reads of the past, each event.
    std::uint64_t operations_judged = 0;
    std::uint64_t undecided = 0;  // Keys whose history was too tangled to judge.
};

struct RaftReport : sim::RunReport {
    RaftCounts counts;
};

RaftReport run_raft(const RaftRun& run);

}  // namespace distkv::scenario
