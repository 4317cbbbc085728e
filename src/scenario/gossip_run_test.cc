// Gossip under swarm faults: no violation, the same hash twice, and every checker shown to catch
// the bug that it is there for.
#include "scenario/gossip_run.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "sim/trace.h"

namespace distkv::scenario {
namespace {

using namespace std::chrono_literals;

std::string first_violation(const sim::RunReport& report) {
    return report.violations.empty() ? "" : report.violations.front();
}

TEST(GossipRun, ASwarmHoldsItsPromisesAndReachesItsFaults) {
    sim::SwarmReport swarm;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const sim::RunReport report = run_gossip({.seed = seed, .length = 30s});
        EXPECT_EQ(first_violation(report), "") << "seed " << seed;
        swarm.add(report);
    }
    EXPECT_TRUE(swarm.enough_definite());
    for (const sim::Fault fault : swarm.faults_never_fired()) {
        ADD_FAILURE() << "never fired: " << sim::kFaultLabels[static_cast<std::size_t>(fault)];
    }
    for (const world::Mark mark :
         swarm.marks_never_hit({world::MarkArea::kNetwork, world::MarkArea::kClocks})) {
        ADD_FAILURE() << "never hit: " << world::kMarkNames[static_cast<std::size_t>(mark)];
    }
}

TEST(GossipRun, InCalmWeatherEveryPingIsAnsweredAndNobodyIsNamed) {
    const sim::RunReport report =
        run_gossip({.seed = 3, .length = 60s, .weather = sim::Weather::calm()});
    EXPECT_EQ(first_violation(report), "");
    EXPECT_EQ(report.operations.unknown, 0U);
    EXPECT_GT(report.operations.definite, 12U * 10 * 60);
    EXPECT_EQ(report.marks[static_cast<std::size_t>(world::Mark::kClockNamed)], 0U);
    EXPECT_EQ(report.marks[static_cast<std::size_t>(world::Mark::kStampRefused)], 0U);
}

TEST(GossipRun, ASeedGivesTheSameHashTwice) {
    for (const std::uint64_t seed : {1, 7, 42}) {
        const auto once = run_gossip({.seed = seed, .length = 20s});
        const auto again = run_gossip({.seed = seed, .length = 20s});
        EXPECT_EQ(once.trace_hash, again.trace_hash);
        EXPECT_EQ(once.events, again.events);
    }
}

// One node's clock is an hour ahead for twenty seconds, in otherwise calm weather.
sim::RunReport an_hour_ahead_for_a_moment() {
    return run_gossip({.seed = 5,
                       .length = 60s,
                       .weather = sim::Weather::calm(),
                       .reactors_per_node = 2,
                       .arrange = [](sim::Planet& planet) {
                           sim::Node& node = planet.node({3});
                           sim::EventQueue& events = planet.stage().events;
                           events.schedule_in(10s, [&] { node.clock().jump(events.now(), 1h); });
                           events.schedule_in(30s, [&] { node.clock().correct(events.now()); });
                       }});
}

std::uint64_t hits(const sim::RunReport& report, world::Mark mark) {
    return report.marks[static_cast<std::size_t>(mark)];
}

TEST(GossipRun, AClockThatWasAnHourAheadForAMomentIsNamedAndSpoilsNothing) {
    const sim::RunReport report = an_hour_ahead_for_a_moment();
    EXPECT_EQ(first_violation(report), "");
    EXPECT_GT(hits(report, world::Mark::kClockNamed), 0U);
    EXPECT_GE(hits(report, world::Mark::kWallDoubted), 2U) << "on each reactor";
    EXPECT_EQ(hits(report, world::Mark::kStampRefused), 0U) << "nobody, not even its own node";
}

TEST(GossipRun, AClockThatStandsStillIsNamed) {
    const sim::RunReport report =
        run_gossip({.seed = 5,
                    .length = 60s,
                    .weather = sim::Weather::calm(),
                    .reactors_per_node = 1,
                    .arrange = [](sim::Planet& planet) {
                        sim::Node& node = planet.node({3});
                        sim::EventQueue& events = planet.stage().events;
                        events.schedule_in(10s, [&] { node.clock().freeze(events.now()); });
                        events.schedule_in(40s, [&] { node.clock().correct(events.now()); });
                    }});
    EXPECT_EQ(first_violation(report), "");
    // By each of the twelve, itself included, in most of the thirty rounds of that time.
    EXPECT_GT(hits(report, world::Mark::kClockNamed), 12U * 25);
    EXPECT_LT(hits(report, world::Mark::kClockNamed), 12U * 32);
}

TEST(GossipRun, NoCeilingIsMadeFromALeapThatIsInDoubt) {
    const sim::RunReport report =
        run_gossip({.seed = 5,
                    .length = 60s,
                    .weather = sim::Weather::calm(),
                    .reactors_per_node = 1,
                    .arrange = [](sim::Planet& planet) {
                        sim::Node& node = planet.node({3});
                        sim::EventQueue& events = planet.stage().events;
                        events.schedule_in(10s, [&] { node.clock().jump(events.now(), 1h); });
                        events.schedule_in(15s, [&] { node.clock().correct(events.now()); });
                        events.schedule_in(20s, [&] { node.crash(); });
                        events.schedule_in(21s, [&] { node.start(); });
                    }});
    EXPECT_EQ(first_violation(report), "");
    EXPECT_GE(hits(report, world::Mark::kWallDoubted), 1U);
    EXPECT_EQ(hits(report, world::Mark::kStampRefused), 0U);
}

TEST(GossipRun, TwoNodesAndManyNodes) {
    for (const std::size_t nodes : {2, 3, 30}) {
        const auto report = run_gossip({.seed = 11, .nodes = nodes, .length = 20s});
        EXPECT_EQ(first_violation(report), "") << nodes << " nodes";
    }
}

TEST(GossipRun, SeedsThatOnceShowedABugShowNoneNow) {
    std::ifstream list(DISTKV_TESTDATA "/seeds.txt");
    ASSERT_TRUE(list.is_open());
    std::size_t replayed = 0;
    for (std::string line; std::getline(list, line);) {
        if (line.empty() || line[0] == '#') {
            continue;
        }
        std::istringstream words(line);
        std::string scenario;
        std::uint64_t seed = 0;
        std::size_t nodes = 0;
        std::int64_t seconds = 0;
        ASSERT_TRUE(words >> scenario >> seed >> nodes >> seconds) << line;
        ASSERT_EQ(scenario, "gossip") << line;
        const auto report =
            run_gossip({.seed = seed, .nodes = nodes, .length = std::chrono::seconds(seconds)});
        EXPECT_EQ(first_violation(report), "") << line;
        ++replayed;
    }
    EXPECT_GE(replayed, 4U);
}

#if DISTKV_MUTANTS

struct Planted {
    const char* bug;
    const char* caught_by;  // Part of what the checker says.
};

class PlantedBugs : public testing::TestWithParam<Planted> {};

TEST_P(PlantedBugs, AreFoundByTheSimulator) {
    const base::PlantedBug bug(GetParam().bug);
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto report = run_gossip({.seed = seed, .length = 60s});
        for (const std::string& violation : report.violations) {
            if (violation.find(GetParam().caught_by) != std::string::npos) {
                std::printf("%s: caught at seed %llu: %s\n", GetParam().bug,
                            static_cast<unsigned long long>(seed), violation.c_str());
                return;
            }
        }
    }
    FAIL() << GetParam().bug << " went unnoticed";
}

INSTANTIATE_TEST_SUITE_P(Gossip, PlantedBugs,
                         testing::Values(Planted{"hlc_forgets_persist", "the clock went back"},
                                         Planted{"skew_guard_off", "contaminated by another clock"},
                                         Planted{"receive_skips_merge",
                                                 "an effect before its cause"},
                                         Planted{"offset_ignores_drift", "bounds the clock"},
                                         Planted{"offset_keeps_first_lead", "bounds the clock"},
                                         Planted{"judge_minority_rules", "does not name node"}),
                         [](const auto& info) { return std::string(info.param.bug); });

TEST(PlantedBugs, ALeapThatIsBelievedLocksItsOwnNodeOut) {
    const base::PlantedBug bug("leap_is_believed");
    EXPECT_GT(hits(an_hour_ahead_for_a_moment(), world::Mark::kStampRefused), 0U);
}

TEST(PlantedBugs, AWallClockLeakChangesTheHash) {
    const auto hashes_differ = [] {
        for (int attempt = 0; attempt < 10; ++attempt) {
            if (run_gossip({.seed = 1, .length = 10s}).trace_hash !=
                run_gossip({.seed = 1, .length = 10s}).trace_hash) {
                return true;
            }
        }
        return false;
    };
    EXPECT_FALSE(hashes_differ());
    const base::PlantedBug bug("wall_clock_leak");
    EXPECT_TRUE(hashes_differ());
}

#endif

}  // namespace
}  // namespace distkv::scenario
