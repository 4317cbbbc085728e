#include "time/clock_watch.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::time {
namespace {

constexpr ClockWatchOptions kOptions{.drift = ppm(50), .tolerance = 1us};

// Feeds a reading at `mono` whose wall leads the monotonic clock by `lead`.
std::optional<Duration> feed(ClockWatch& watch, Duration mono, Duration lead) {
    return watch.feed(MonoTime(mono), WallTime(mono + lead));
}

TEST(ClockWatch, DriftIsNoJump) {
    ClockWatch watch(kOptions);
    for (int s = 0; s < 1000; ++s) {
        EXPECT_EQ(feed(watch, s * 1s, 1000s + s * 50us), std::nullopt);
    }
}

TEST(ClockWatch, JumpsOfBothDirectionsAreMeasured) {
    ClockWatch watch(kOptions);
    feed(watch, 1s, 1000s);
    EXPECT_EQ(feed(watch, 2s, 1001s), 1s - 50us);
    EXPECT_EQ(feed(watch, 3s, 1001s), std::nullopt);
    EXPECT_EQ(feed(watch, 4s, 1000s), -(1s - 50us));
}

TEST(ClockWatch, FrozenWallIsAJump) {
    ClockWatch watch(kOptions);
    watch.feed(MonoTime(1s), WallTime(1000s));
    EXPECT_TRUE(watch.feed(MonoTime(1s + 2us), WallTime(1000s)).has_value());
}

TEST(ClockWatch, CreepingBelowTheToleranceIsStillFound) {
    ClockWatch watch(kOptions);
    int steps = 0;
    while (steps < 100 && !feed(watch, steps * 1ms, 1000s + steps * 900ns)) {  // 900 ppm
        ++steps;
    }
    EXPECT_LT(steps, 5);
}

TEST(ClockWatch, NoiseBelowTheToleranceIsNoJump) {
    base::Rng rng(2);
    ClockWatch watch(kOptions);
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_EQ(feed(watch, i * 10ms, 1000s + Duration(rng.between(-500, 500))), std::nullopt);
    }
}

// What the header promises: between two jumps every two readings are that close.
TEST(ClockWatch, BetweenTwoJumpsAllPairsAgree) {
    base::Rng rng(4);
    for (int round = 0; round < 300; ++round) {
        ClockWatch watch(kOptions);
        std::vector<std::pair<Duration, Duration>> fed;
        Duration at{0};
        Duration lead{1000s};
        for (int i = 0; i < 60; ++i) {
            at += Duration(rng.between(0, 100'000'000));
            lead += Duration(rng.between(-3'000, 3'000));
            if (feed(watch, at, lead)) {
                fed.clear();
            }
            for (const auto& [then, then_lead] : fed) {
                const Duration allowed = kOptions.drift.over(at - then) + kOptions.tolerance;
                ASSERT_LE(std::chrono::abs(lead - then_lead), allowed);
            }
            fed.emplace_back(at, lead);
        }
    }
}

TEST(ClockWatch, ExtremeReadings) {
    ClockWatch watch(kOptions);
    watch.feed(MonoTime(1s), WallTime::min());
    EXPECT_GT(watch.feed(MonoTime(2s), WallTime::max()).value_or(0s), 0s);
    EXPECT_LT(watch.feed(MonoTime(3s), WallTime::min()).value_or(0s), 0s);
}

TEST(Drift, RoundsUpAndSaturates) {
    EXPECT_EQ(ppm(50).over(1s), 50us);
    EXPECT_EQ(ppm(50).over(-1s), 50us);
    EXPECT_EQ(ppm(50).over(1ns), 1ns);
    EXPECT_EQ(ppm(50).over(0ns), 0ns);
    EXPECT_EQ(Drift{INT64_MAX}.over(Duration::max()), Duration::max());
    EXPECT_EQ(Drift{1'000'000'000}.over(Duration::min()), Duration::max());
    EXPECT_EQ((ppm(1) + ppm(2)).ppb, 3000);
}

}  // namespace
}  // namespace distkv::time
