#include "distkv/sim_gossip.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "distkv/sim_report.h"
#include "distkv/verb_test.h"
#include "sim/trace.h"

namespace distkv::distkv {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

std::string contents(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A file of this process alone.
std::string scratch(const std::string& name) {
    return testing::TempDir() + "distkv_" + std::to_string(::getpid()) + "_" + name;
}

TEST(SimGossip, TheLastLineOfJsonIsTheSummary) {
    const Ran ran = run_line("sim gossip --nodes 3 --seeds 3 --for 60s --json");
    EXPECT_EQ(ran.code, Exit::kFine) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 4);  // One for each seed, and the summary.
    const json::object last = json::parse(ran.last_line()).as_object();
    EXPECT_EQ(last.at("trace_hash").as_string().size(), 16U);
    EXPECT_EQ(last.at("violations").as_int64(), 0);
    EXPECT_GT(last.at("events").as_int64(), 1000);
    EXPECT_GT(last.at("seconds").as_double(), 0);
    EXPECT_EQ(last.at("seeds").as_int64(), 3);
    EXPECT_EQ(last.at("simulated_seconds").to_number<double>(), 180);
    EXPECT_GT(last.at("seeds_per_hour").to_number<double>(), 0);
    EXPECT_GT(last.at("operations").at("definite").as_int64(), 0);
    EXPECT_EQ(last.at("faults").as_object().size(), sim::kFaultCount);
    EXPECT_EQ(last.at("marks").as_object().size(), world::kMarkCount);
    EXPECT_TRUE(last.at("never_fired").is_array());
    EXPECT_TRUE(last.at("never_hit").is_array());
}

TEST(SimGossip, OneSeedGivesTheHashOfItsRun) {
    const Ran ran = run_line("sim gossip --nodes 3 --seed 9 --for 60s --json");
    const json::object seed = json::parse(ran.out.substr(0, ran.out.find('\n'))).as_object();
    const json::object last = json::parse(ran.last_line()).as_object();
    EXPECT_EQ(seed.at("seed").as_int64(), 9);
    EXPECT_EQ(seed.at("trace_hash"), last.at("trace_hash"));
}

TEST(SimGossip, TheHashListDoesNotDependOnTheJobs) {
    const std::string one = scratch("one");
    const std::string two = scratch("two");
    const std::string line = "sim gossip --nodes 4 --seeds 6 --seed 40 --for 60s --hash-list ";
    const Ran first = run_line(line + one + " --jobs 1");
    const Ran second = run_line(line + two + " --jobs 2");
    EXPECT_EQ(first.code, Exit::kFine) << first.out;
    EXPECT_EQ(contents(one), contents(two));
    EXPECT_EQ(std::ranges::count(contents(one), '\n'), 6);
    EXPECT_TRUE(contents(one).starts_with("40 ")) << contents(one);
    ::unlink(one.c_str());
    ::unlink(two.c_str());
}

TEST(SimGossip, PeopleGetTablesAndAVerdict) {
    const Ran ran = run_line("sim gossip --nodes 3 --seed 1 --for 1m");
    EXPECT_EQ(ran.code, Exit::kFine);
    for (const char* text :
         {"net.loss", "rare path", "operations", "seeds per hour", "trace hash", "no violation"}) {
        EXPECT_NE(ran.out.find(text), std::string::npos) << text;
    }
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos) << "colours are for terminals";
    EXPECT_EQ(ran.err, "");
}

TEST(SimGossip, CalmRunsHaveNoFaults) {
    const Ran ran = run_line("sim gossip --nodes 3 --for 60s --calm --strict --json --reactors 1");
    EXPECT_EQ(ran.code, Exit::kFine) << ran.out;
    const json::object last = json::parse(ran.last_line()).as_object();
    for (const auto& [name, count] : last.at("faults").as_object()) {
        EXPECT_EQ(count.as_int64(), 0) << name;
    }
}

TEST(SimGossip, StrictWantsEveryFaultToFire) {
    const Ran ran = run_line("sim gossip --nodes 3 --seed 1 --for 60s --strict");
    EXPECT_EQ(ran.code, Exit::kRefused);
    EXPECT_NE(ran.out.find("never fired; more seeds"), std::string::npos);
    EXPECT_NE(ran.out.find("too little was shown"), std::string::npos);
}

TEST(SimGossip, TheTraceHoldsEveryEventAndTheHash) {
    const std::string path = scratch("trace");
    const Ran ran = run_line("sim gossip --nodes 2 --for 60s --json --trace " + path);
    EXPECT_EQ(ran.code, Exit::kFine) << ran.err;
    const std::string trace = contents(path);
    const json::object last = json::parse(ran.last_line()).as_object();
    // After the last event of the run, the planet is taken apart.
    const json::string& hash = last.at("trace_hash").as_string();
    EXPECT_NE(trace.find(std::string(hash.data(), hash.size()) + "\n"), std::string::npos);
    ::unlink(path.c_str());
}

SwarmSummary summary_of(const SimGossip& options, const Scenario& scenario,
                        std::vector<std::string> violations) {
    SwarmSummary summary{.options = options, .scenario = scenario, .swarm = {}, .wall = 1s};
    sim::RunReport run;
    run.seed = 42;
    run.length = options.length;
    run.operations.definite = 10;
    run.faults.fill(1);
    run.violations = std::move(violations);
    summary.swarm.add(run);
    return summary;
}

TEST(SimReport, AViolationNamesTheCommandThatRepeatsIt) {
    SimGossip options{};
    options.nodes = 5;
    options.length = 90min;
    options.reactors = 2;
    options.calm = true;
    std::vector<std::string> many(12, "a stamp went back");
    const Scenario scenario = gossip_scenario(options);
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(print_summary(summary_of(options, scenario, many), {.out = out, .err = err}),
              Exit::kRefused);
    EXPECT_NE(out.str().find("distkv sim gossip --nodes 5 --reactors 2 --seed 42 --for 90m --calm"),
              std::string::npos)
        << out.str();
    EXPECT_NE(out.str().find("and 2 more"), std::string::npos);
    EXPECT_NE(out.str().find("12 violations"), std::string::npos);
}

TEST(SimReport, JsonCountsViolationsAndExitsWithOne) {
    SimGossip options{};
    options.json = true;
    const Scenario scenario = gossip_scenario(options);
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(
        print_summary_json(summary_of(options, scenario, {"x", "y"}), {.out = out, .err = err}),
        Exit::kRefused);
    const json::object last = json::parse(out.str()).as_object();
    EXPECT_EQ(last.at("violations").as_int64(), 2);
    EXPECT_EQ(last.at("replay").as_array().size(), 1U);
}

TEST(SimReport, StrictCountsDefiniteOperations) {
    SimGossip options{};
    options.strict = true;
    const Scenario scenario = gossip_scenario(options);
    SwarmSummary summary = summary_of(options, scenario, {});
    EXPECT_TRUE(shortcomings(summary).empty());
    sim::RunReport run;
    run.operations.unknown = 11;
    summary.swarm.add(run);
    ASSERT_EQ(shortcomings(summary).size(), 1U);
    EXPECT_NE(shortcomings(summary)[0].find("only 10 of 21 operations"), std::string::npos);
}

TEST(SimDemo, TellsAStoryToItsEnd) {
    const Ran ran = run_line("sim demo");
    EXPECT_EQ(ran.code, Exit::kFine) << ran.out;
    for (const char* text : {"New York", "Tokyo", "The weather clears", "What struck them",
                             "What they concluded", "no promise was broken"}) {
        EXPECT_NE(ran.out.find(text), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace distkv::distkv
