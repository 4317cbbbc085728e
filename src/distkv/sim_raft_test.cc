#include "distkv/sim_raft.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "distkv/sim_report.h"
#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

TEST(SimRaft, TheLastLineOfJsonIsTheSummary) {
    const Ran ran = run_line("sim raft --voters 3 --seed 7 --for 60s --json");
    EXPECT_EQ(ran.code, Exit::kFine) << ran.out;
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
    const json::object seed = json::parse(ran.out.substr(0, ran.out.find('\n'))).as_object();
    const json::object last = json::parse(ran.last_line()).as_object();
    EXPECT_EQ(seed.at("seed").as_int64(), 7);
    EXPECT_EQ(seed.at("trace_hash"), last.at("trace_hash"));
    EXPECT_EQ(last.at("violations").as_int64(), 0);
    EXPECT_EQ(last.at("seeds").as_int64(), 1);
    EXPECT_EQ(last.at("simulated_seconds").to_number<double>(), 60);
    EXPECT_GT(last.at("operations").at("definite").as_int64(), 0);
    // Only paths that groups can pass are missed when none did.
    for (const json::value& mark : last.at("never_hit").as_array()) {
        EXPECT_TRUE(last.at("marks").as_object().contains(mark.as_string()));
    }
}

// Every line is an object by itself, so that ordinary tools can pick from it.
TEST(SimRaft, TheTraceTellsMessagesAndStates) {
    const std::string path =
        testing::TempDir() + "distkv_" + std::to_string(::getpid()) + "_raft_trace";
    const Ran ran = run_line("sim raft --seed 3 --for 60s --calm --members-stay --trace " + path);
    EXPECT_EQ(ran.code, Exit::kFine) << ran.out << ran.err;
    std::ifstream file(path);
    std::int64_t messages = 0;
    std::int64_t states = 0;
    for (std::string line; std::getline(file, line);) {
        const json::object object = json::parse(line).as_object();
        ASSERT_TRUE(object.contains("group")) << line;
        if (const json::value* message = object.if_contains("message")) {
            ++messages;
            EXPECT_GE(object.at("at_ns").as_int64(), 0);
            EXPECT_FALSE(message->at("kind").as_string().empty());
            EXPECT_GT(message->at("from").as_int64(), 0);
        }
        if (const json::value* state = object.if_contains("state")) {
            ++states;
            EXPECT_GT(object.at("node").as_int64(), 0);
            EXPECT_TRUE(state->is_object());
        }
    }
    EXPECT_GT(messages, 100);
    EXPECT_GT(states, 100);
    ::unlink(path.c_str());
}

TEST(SimRaft, AViolationNamesTheCommandThatRepeatsIt) {
    SimRaft options{};
    options.voters = 5;
    options.members_stay = true;
    options.length = 90min;
    const Scenario scenario = raft_scenario(options);
    SwarmSummary summary{.options = options, .scenario = scenario, .swarm = {}, .wall = 1s};
    sim::RunReport run;
    run.seed = 42;
    run.violations = {"two leaders in term 7"};
    summary.swarm.add(run);
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(print_summary(summary, {.out = out, .err = err}), Exit::kRefused);
    EXPECT_TRUE(out.str().contains("two leaders in term 7")) << out.str();
    EXPECT_TRUE(out.str().contains("distkv sim raft --voters 5 --members-stay --seed 42 --for 90m"))
        << out.str();
}

TEST(SimRaft, MistakesAreExplained) {
    const struct {
        const char* words;
        const char* why;
    } cases[] = {
        {"--voters 0", "--voters"}, {"--voters 10", "--voters"},
        {"--for 59s", "--for"},     {"--seeds 2 --trace x", "--trace writes the events of one run"},
        {"--nodes 3", "--nodes"},
    };
    for (const auto& [words, why] : cases) {
        const Ran ran = run_line(std::string("sim raft ") + words);
        EXPECT_EQ(ran.code, Exit::kBadUsage) << words;
        EXPECT_TRUE(ran.err.contains(why)) << ran.err;
    }
}

}  // namespace
}  // namespace distkv::distkv
