// Groups under swarm faults: no violation, the same hash twice, and every planted bug of the driver
// caught.
#include "scenario/raft_run.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
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
        const std::size_t voters = asked_for("DISTKV_RAFT_VOTERS", 3 + 2 * (seed % 3));
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
        all.closed += report.counts.closed;
    }
    std::cout << all.committed << " committed, " << all.leaders << " leaders, " << all.reads
              << " reads, " << all.changes << " changes, " << all.operations_judged
              << " operations judged, " << all.undecided << " keys undecided, " << swarm.events()
              << " events\n";
    EXPECT_GT(all.committed, 200 * seeds);
    EXPECT_GT(all.leaders, 3 * seeds);
    EXPECT_GT(all.changes, seeds);
    EXPECT_LT(all.undecided, seeds);
    EXPECT_GT(all.closed, 0U);
    EXPECT_TRUE(swarm.enough_definite());
    if (seeds >= 300) {
        for (const world::Mark mark :
             swarm.marks_never_hit({world::MarkArea::kNetwork, world::MarkArea::kGroups})) {
            ADD_FAILURE() << "never hit: " << world::kMarkNames[static_cast<std::size_t>(mark)];
        }
    }
    for (std::size_t i = 0; i < world::kMarkCount; ++i) {
        std::cout << world::kMarkNames[i] << ' ' << swarm.marks()[i] << '\n';
    }
}

TEST(RaftRun, InCalmWeatherEverythingIsAnsweredAndNobodyIsDeposed) {
    const RaftReport report = run_raft(
        {.seed = 4, .voters = 3, .weather = sim::Weather::calm(), .members_change = false});
    EXPECT_EQ(first_violation(report), "");
    EXPECT_EQ(report.operations.unknown, 0U);
    EXPECT_GT(report.counts.committed, 1000U);
    EXPECT_GT(report.marks[static_cast<std::size_t>(world::Mark::kGroupSlept)], 0U);
    EXPECT_EQ(report.marks[static_cast<std::size_t>(world::Mark::kGroupWokenBySilence)], 0U);
}

TEST(RaftRun, ASeedGivesTheSameHashTwice) {
    for (const std::uint64_t seed : {1, 7, 42}) {
        const auto once = run_raft({.seed = seed, .length = 20s});
        const auto again = run_raft({.seed = seed, .length = 20s});
        EXPECT_EQ(once.trace_hash, again.trace_hash);
        EXPECT_EQ(once.events, again.events);
    }
}

TEST(RaftRun, SeedsThatOnceShowedABugShowNoneNow) {
    std::ifstream list(DISTKV_TESTDATA "/raft_seeds.txt");
    ASSERT_TRUE(list.is_open());
    std::size_t replayed = 0;
    for (std::string line; std::getline(list, line);) {
        if (line.empty() || line[0] == '#') {
            continue;
        }
        std::istringstream words(line);
        std::uint64_t seed = 0;
        std::size_t voters = 0;
        ASSERT_TRUE(words >> seed >> voters) << line;
        EXPECT_EQ(first_violation(run_raft({.seed = seed, .voters = voters})), "") << line;
        ++replayed;
    }
    EXPECT_GE(replayed, 10U);
}

#if DISTKV_MUTANTS

struct Planted {
    const char* bug;
    const char* caught_by;  // Part of what the judge says.
};

class RaftRunMutants : public testing::TestWithParam<Planted> {};

TEST_P(RaftRunMutants, AreCaught) {
    const base::PlantedBug bug(GetParam().bug);
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        const RaftReport report = run_raft({.seed = seed, .voters = 3});
        if (first_violation(report).find(GetParam().caught_by) != std::string::npos &&
            !report.violations.empty()) {
            std::cout << GetParam().bug << ": caught at seed " << seed << ": "
                      << report.violations.front() << '\n';
            return;
        }
    }
    FAIL() << GetParam().bug << " went unnoticed";
}

INSTANTIATE_TEST_SUITE_P(
    Driver, RaftRunMutants,
    testing::Values(Planted{"shard_counts_on_the_disk", "its disk does not have it"},
                    Planted{"shard_cuts_what_is_not_flushed", "disk is not to blame"},
                    Planted{"shard_installs_without_intent", "disk is not to blame"},
                    Planted{"shard_closes_beyond_ceiling", "where a sleeping follower has read"}),
    [](const auto& info) { return std::string(info.param.bug); });

// Some bugs need a certain weather, and hide behind everything else.
struct PlantedIn {
    const char* bug;
    const char* caught_by;
    std::vector<sim::Fault> faults;
    time::Duration trouble_every;
    std::uint32_t jitter_ppm;
    std::uint32_t loss_ppm;
};

class RaftRunWeather : public testing::TestWithParam<PlantedIn> {};

TEST_P(RaftRunWeather, BringsPlantedBugsToLight) {
    const base::PlantedBug bug(GetParam().bug);
    sim::Weather weather = sim::Weather::calm();
    for (const sim::Fault fault : GetParam().faults) {
        weather.on[static_cast<std::size_t>(fault)] = true;
    }
    weather.jitter_ppm = GetParam().jitter_ppm;
    weather.loss_ppm = GetParam().loss_ppm;
    weather.jitter_max = 2s;
    weather.trouble_every = GetParam().trouble_every;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const RaftReport report = run_raft({.seed = seed, .voters = 3, .weather = weather});
        if (first_violation(report).find(GetParam().caught_by) != std::string::npos) {
            std::cout << GetParam().bug << ": caught at seed " << seed << ": "
                      << report.violations.front() << '\n';
            return;
        }
    }
    FAIL() << GetParam().bug << " went unnoticed";
}

INSTANTIATE_TEST_SUITE_P(Driver, RaftRunWeather,
                         testing::Values(PlantedIn{"shard_numbers_begin_anew",
                                                   "not linearizable",
                                                   {sim::Fault::kNetJitter, sim::Fault::kNodeCrash},
                                                   200ms,
                                                   800'000,
                                                   0}),
                         [](const auto& info) { return std::string(info.param.bug); });

#endif

}  // namespace
}  // namespace distkv::scenario
