// What a swarm of simulated runs has shown: tables for people, lines of JSON for machines, and the
// verdict.
#pragma once

#include <string>
#include <vector>

#include "distkv/swarm.h"
#include "sim/report.h"

namespace distkv::distkv {

struct SwarmSummary {
    const SwarmOptions& options;
    const Scenario& scenario;
    sim::SwarmReport swarm;
    time::Duration wall{};
};

// One seed, as a line of JSON.
std::string seed_line(const sim::RunReport& run);

// What `--strict` does not accept; empty when all is well. A calm run has no faults to fire.
std::vector<std::string> shortcomings(const SwarmSummary& summary);

Exit print_summary(const SwarmSummary& summary, const Output& output);
Exit print_summary_json(const SwarmSummary& summary, const Output& output);

}  // namespace distkv::distkv
