#include "distkv/clock.h"

#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "distkv/moment_text.h"
#include "distkv/verb_test.h"
#include "time/hlc.h"

namespace distkv::distkv {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

ClockSight nobody_vouches() {
    return {.readings = {}, .mono = time::MonoTime(1h), .wall = time::WallTime(1'800'000'000s)};
}

Ran show(const ClockQuestion& question, const ClockSight& sight) {
    std::ostringstream out;
    std::ostringstream err;
    const Exit code = show_clock(question, sight, {.out = out, .err = err});
    return {code, out.str(), err.str()};
}

TEST(Clock, FailsClosedAndSaysWhatToDo) {
    const Ran ran = show({}, nobody_vouches());
    EXPECT_EQ(ran.code, Exit::kRefused);
    for (const char* text : {"interval    none", "clockbound", "chrony", "declared", "kernel",
                             "What can be done", "--declared 50ms"}) {
        EXPECT_NE(ran.out.find(text), std::string::npos) << text;
    }
}

TEST(Clock, ADeclaredBoundGivesAnInterval) {
    const Ran ran = show({.declared = 50ms}, nobody_vouches());
    EXPECT_EQ(ran.code, Exit::kFine) << ran.out;
    EXPECT_NE(ran.out.find("earliest    2027-01-15T07:59:59.950000Z"), std::string::npos)
        << ran.out;
    EXPECT_NE(ran.out.find("latest      2027-01-15T08:00:00.050000Z"), std::string::npos);
}

TEST(Clock, ABoundOverTheLimitIsNone) {
    EXPECT_EQ(show({.declared = 50ms, .limit = 10ms}, nobody_vouches()).code, Exit::kRefused);
}

TEST(Clock, JsonSaysTheSame) {
    const Ran none = show({.json = true}, nobody_vouches());
    EXPECT_EQ(none.code, Exit::kRefused);
    EXPECT_FALSE(json::parse(none.out).at("trusted").as_bool());
    EXPECT_FALSE(json::parse(none.out).at("why").as_string().empty());
    const Ran some = show({.declared = 50ms, .json = true}, nobody_vouches());
    EXPECT_EQ(some.code, Exit::kFine);
    const json::value value = json::parse(some.out);
    EXPECT_EQ(value.at("epsilon_ms").to_number<double>(), 50);
    EXPECT_EQ(value.at("source").as_string(), "declared");
    EXPECT_EQ(value.at("sources").as_array().size(), 4U);
}

TEST(Clock, AChronyThatIsNotSynchronisedOverrulesADeclaration) {
    ClockSight sight = nobody_vouches();
    time::ChronyReading reading;
    reading.read_at = sight.mono;
    reading.reference_time = sight.wall;
    sight.readings.chrony = reading;  // Not synchronised: it speaks against the clock.
    EXPECT_EQ(show({.declared = 50ms}, sight).code, Exit::kRefused);
}

TEST(Clock, RunsOnThisMachine) {
    EXPECT_EQ(run_line("clock --declared 50ms --limit 1h --json").err, "");
}

TEST(MomentText, ReadsMoments) {
    const auto moment = parse_moment("2026-11-20T10:15:00.080Z");
    ASSERT_TRUE(moment) << moment.error().detail;
    EXPECT_EQ(time::to_string(moment->earliest), "2026-11-20T10:15:00.080000Z");
    EXPECT_EQ(moment->width(), 0s);
    EXPECT_EQ(parse_moment("2026-11-20T10:15:00Z±5ms")->width(), 10ms);
    EXPECT_EQ(parse_moment("2026-11-20T10:15:00Z+-5ms")->width(), 10ms);
    EXPECT_EQ(parse_moment("1970-01-01T00:00:00.000000001Z")->earliest, time::WallTime(1ns));
    EXPECT_TRUE(parse_moment("2028-02-29T23:59:59Z"));
    EXPECT_TRUE(parse_moment("2200-12-31T23:59:59Z±24h"));
}

TEST(MomentText, RefusesEverythingElse) {
    for (const char* text : {"",
                             "2026-11-20",
                             "2026-11-20T10:15:00",
                             "2026-11-20 10:15:00Z",
                             "2026-02-29T00:00:00Z",
                             "2026-00-10T00:00:00Z",
                             "2026-13-10T00:00:00Z",
                             "2026-11-20T24:00:00Z",
                             "2026-11-20T10:60:00Z",
                             "2026-11-20T10:15:60Z",
                             "1969-12-31T23:59:59Z",
                             "2201-01-01T00:00:00Z",
                             "2026-11-20T10:15:00.Z",
                             "2026-11-20T10:15:00.1234567890Z",
                             "2026-11-20T10:15:00.-1Z",
                             "2026--1-20T10:15:00Z",
                             "+026-11-20T10:15:00Z",
                             "2026-11-20T10:15:00Z±",
                             "2026-11-20T10:15:00Z±x",
                             "2026-11-20T10:15:00Z±25h",
                             "2026-11-20T10:15:00Z 5ms"}) {
        EXPECT_FALSE(parse_moment(text)) << text;
    }
}

}  // namespace
}  // namespace distkv::distkv
