// What a run, and a swarm of runs, has shown.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/faults.h"
#include "time/instant.h"
#include "world/marks.h"

namespace distkv::sim {

// What the clients of a run saw. An operation whose outcome nobody knows is unknown, not failed.
struct Operations {
    std::uint64_t definite = 0;
    std::uint64_t unknown = 0;
};

struct RunReport {
    std::uint64_t seed = 0;
    std::uint64_t trace_hash = 0;
    std::uint64_t events = 0;
    time::Duration length{};
    Operations operations;
    FaultCounts faults{};
    world::MarkCounts marks{};
    std::vector<std::string> violations;

    // What else the scenario counts, by name.
    std::map<std::string, std::uint64_t> figures;
};

class SwarmReport {
public:
    void add(const RunReport& run);

    struct Seed {
        std::uint64_t seed;
        std::uint64_t trace_hash;
        std::vector<std::string> violations;
    };
    [[nodiscard]] const std::vector<Seed>& seeds() const { return seeds_; }
    [[nodiscard]] const FaultCounts& faults() const { return faults_; }
    [[nodiscard]] const world::MarkCounts& marks() const { return marks_; }
    [[nodiscard]] const Operations& operations() const { return operations_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& figures() const { return figures_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t violations() const { return violations_; }
    [[nodiscard]] time::Duration simulated() const { return simulated_; }

    // One number for the whole list of seeds and their hashes.
    [[nodiscard]] std::uint64_t hash() const;

    [[nodiscard]] std::vector<Fault> faults_never_fired() const;
    [[nodiscard]] std::vector<world::Mark> marks_never_hit(
        const std::vector<world::MarkArea>& areas) const;

    // Half of the operations at least must have a known outcome, or the run shows little.
    [[nodiscard]] bool enough_definite() const;

private:
    std::vector<Seed> seeds_;
    FaultCounts faults_{};
    world::MarkCounts marks_{};
    Operations operations_;
    std::map<std::string, std::uint64_t> figures_;
    std::uint64_t events_ = 0;
    std::uint64_t violations_ = 0;
    time::Duration simulated_{};
};

}  // namespace distkv::sim
