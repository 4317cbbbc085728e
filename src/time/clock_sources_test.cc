#include "time/clock_sources.h"

#include <gtest/gtest.h>

#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr MonoTime kNow{1000s};
constexpr WallTime kWall{1'800'000'000s};

ClockBoundReading bound_reading() {
    return {.generation = 4,
            .as_of = kNow - 1s,
            .void_after = kNow + 100s,
            .bound = 98us,
            .disruption_marker = 77,
            .max_drift = ppm(50),
            .status = ClockBoundStatus::kSynchronized,
            .disruption_support = true};
}

ChronyReading chrony_reading() {
    return {.reference = "time.example",
            .stratum = 3,
            .reference_time = kWall - 11s,
            .offset = -100us,
            .root_delay = 4ms,
            .root_dispersion = 1ms,
            .update_interval = 64s,
            .leap = LeapStatus::kNormal,
            .read_at = kNow - 1s};
}

base::Result<Epsilon> judge(const ClockReadings& readings, const EpsilonOptions& options = {}) {
    return epsilon(readings, options, kNow, kWall);
}

void expect_refused(const ClockReadings& readings, const EpsilonOptions& options,
                    std::string_view because) {
    const base::Error error = error_of(judge(readings, options));
    EXPECT_EQ(error.code, base::Errc::kRetry);
    EXPECT_NE(error.detail.find(because), std::string::npos) << error.detail;
}

TEST(ClockSources, OrderOfPreference) {
    ClockReadings readings{.clockbound = bound_reading(), .chrony = chrony_reading()};
    const EpsilonOptions options{.declared = 100ms};
    EXPECT_EQ(judge(readings, options).value().source, ClockSource::kClockBound);
    readings.clockbound = base::fail(base::Errc::kNotFound, "no segment");
    EXPECT_EQ(judge(readings, options).value().source, ClockSource::kChrony);
    readings.chrony = base::fail(base::Errc::kNotFound, "no chronyc");
    EXPECT_EQ(judge(readings, options).value().source, ClockSource::kDeclared);
    EXPECT_EQ(judge(readings, options).value().at(kNow + 1h).value(), 100ms);
    expect_refused(readings, {}, "no chronyc");
    expect_refused(readings, {}, "declare a bound");
}

TEST(ClockSources, ClockBoundGrowsAndEnds) {
    const Epsilon found = judge({.clockbound = bound_reading()}).value();
    EXPECT_EQ(found.at(kNow).value(), 98us + 50us);
    EXPECT_EQ(found.at(kNow + 99s).value(), 98us + 100 * 50us);
    EXPECT_EQ(error_of(found.at(kNow + 101s)).code, base::Errc::kRetry);
}

TEST(ClockSources, ChronyAddsDriftSinceTheLastCorrection) {
    const Epsilon found = judge({.chrony = chrony_reading()}).value();
    // 3.1ms root distance, 49 ppm over the 10s before it was read, 50 ppm over the second since.
    EXPECT_EQ(found.at(kNow).value(), 3100us + 490us + 50us);
    const EpsilonOptions told{.chrony_maxclockerror = ppm(50)};
    EXPECT_EQ(judge({.chrony = chrony_reading()}, told).value().at(kNow).value(), 3100us + 50us);
    EXPECT_FALSE(found.at(kNow + 10min).has_value());
}

TEST(ClockSources, SilentSourcesArePassedOver) {
    ClockReadings readings{.chrony = chrony_reading()};
    const auto falls_to_chrony = [&](ClockBoundReading reading) {
        readings.clockbound = reading;
        const base::Result<Epsilon> found = judge(readings);
        return found && found->source == ClockSource::kChrony;
    };
    ClockBoundReading void_now = bound_reading();
    void_now.void_after = kNow - 1ns;
    EXPECT_TRUE(falls_to_chrony(void_now));
    ClockBoundReading unknown = bound_reading();
    unknown.status = ClockBoundStatus::kUnknown;
    EXPECT_TRUE(falls_to_chrony(unknown));
    ClockBoundReading future = bound_reading();
    future.as_of = kNow + 1s;
    EXPECT_TRUE(falls_to_chrony(future));
    EXPECT_FALSE(falls_to_chrony(bound_reading()));
    // Free running is still bounded.
    ClockBoundReading running = bound_reading();
    running.status = ClockBoundStatus::kFreeRunning;
    readings.clockbound = running;
    EXPECT_EQ(judge(readings).value().source, ClockSource::kClockBound);
}

TEST(ClockSources, EvidenceAgainstTheClockEndsTheSearch) {
    const EpsilonOptions options{.declared = 100ms};
    ClockReadings readings{.clockbound = bound_reading(), .chrony = chrony_reading()};
    readings.clockbound->status = ClockBoundStatus::kDisrupted;
    expect_refused(readings, options, "disrupted");
    readings.clockbound = bound_reading();
    readings.disruption_marker = 78;
    expect_refused(readings, options, "was moved");
    readings.disruption_marker = 77;
    EXPECT_TRUE(judge(readings, options).has_value());
    readings.clockbound->bound = 300ms;
    expect_refused(readings, options, "more than the limit of 250ms");
    // Chrony, likewise, against the operator's word.
    readings.clockbound = base::fail(base::Errc::kNotFound, "no segment");
    readings.chrony->leap = LeapStatus::kNotSynchronised;
    expect_refused(readings, options, "not synchronised");
    readings.chrony = chrony_reading();
    readings.chrony->stratum = 0;
    expect_refused(readings, options, "not synchronised");
    readings.chrony = chrony_reading();
    readings.chrony->leap = LeapStatus::kInsertSecond;
    expect_refused(readings, options, "leap second");
    readings.chrony = chrony_reading();
    readings.chrony->reference_time = kWall + 1h;
    expect_refused(readings, options, "set back");
}

TEST(ClockSources, StaleChronyIsSilent) {
    ClockReadings readings{.chrony = chrony_reading()};
    readings.chrony->read_at = kNow - 11min;
    EXPECT_EQ(judge(readings, {.declared = 100ms}).value().source, ClockSource::kDeclared);
    readings.chrony->read_at = kNow + 1min;
    EXPECT_EQ(judge(readings, {.declared = 100ms}).value().source, ClockSource::kDeclared);
}

// Found by fuzzing: an offset of 250 years must not overflow.
TEST(ClockSources, AbsurdChronyReadings) {
    ClockReadings readings{.chrony = chrony_reading()};
    readings.chrony->offset = Duration::max();
    readings.chrony->reference_time = WallTime::max();
    EXPECT_FALSE(judge(readings).has_value());
    readings.chrony->reference_time = WallTime::min();
    EXPECT_FALSE(judge(readings).has_value());
    readings.chrony->offset = -Duration::max();
    readings.chrony->root_delay = Duration::max();
    EXPECT_FALSE(epsilon(readings, {}, kNow, WallTime::max()).has_value());
    EXPECT_FALSE(epsilon(readings, {}, kNow, WallTime::min()).has_value());
    readings.chrony->offset = 0s;
    readings.chrony->root_delay = 0s;
    readings.chrony->reference_time = WallTime::max();
    EXPECT_FALSE(epsilon(readings, {}, kNow, WallTime::min()).has_value());
}

TEST(ClockSources, DeclaredMustMakeSense) {
    expect_refused({}, {.declared = -1ms}, "negative");
    expect_refused({}, {.declared = 251ms}, "more than the limit");
}

TEST(ClockSources, TheKernelAloneIsNeverEnough) {
    const ClockReadings readings{
        .kernel = KernelReading{.synchronised = true, .error_max = 0s, .timesyncd_seen = true}};
    expect_refused(readings, {}, "clockbound");
    const SourcesVerdict verdict = judge_sources(readings, {.declared = 10ms}, kNow, kWall);
    ASSERT_EQ(verdict.sources.size(), 4U);
    EXPECT_EQ(verdict.sources[3].source, ClockSource::kKernel);
    EXPECT_FALSE(verdict.sources[3].trusted);
    EXPECT_NE(verdict.sources[3].why.find("timesyncd"), std::string::npos);
    EXPECT_TRUE(verdict.sources[2].trusted);
    EXPECT_EQ(verdict.epsilon.value().source, ClockSource::kDeclared);
}

TEST(ClockSources, TheVerdictSaysWhyForEach) {
    ClockReadings readings{.clockbound = bound_reading(), .chrony = chrony_reading()};
    readings.clockbound->status = ClockBoundStatus::kDisrupted;
    const SourcesVerdict verdict = judge_sources(readings, {.declared = 1ms}, kNow, kWall);
    EXPECT_FALSE(verdict.epsilon.has_value());
    for (const SourceVerdict& each : verdict.sources) {
        EXPECT_FALSE(each.trusted);
        EXPECT_FALSE(each.why.empty());
    }
    EXPECT_NE(verdict.sources[1].why.find("clockbound speaks against it"), std::string::npos);
}

TEST(IntervalClock, FailsClosed) {
    IntervalClock clock;
    EXPECT_EQ(error_of(clock.now(kNow, kWall)).code, base::Errc::kRetry);
    clock.update(judge({.clockbound = bound_reading()}));
    const Interval now = clock.now(kNow, kWall).value();
    EXPECT_EQ(now, Interval::around(kWall, 148us));
    EXPECT_FALSE(clock.now(kNow + 101s, kWall).has_value());
    clock.update(judge({}));
    EXPECT_NE(error_of(clock.now(kNow, kWall)).detail.find("no bound"), std::string::npos);
}

}  // namespace
}  // namespace distkv::time
