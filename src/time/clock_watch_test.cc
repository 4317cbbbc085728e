#include "time/clock_watch.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::time {
namespace {

constexpr ClockWatchOptions kOptions{.drift = ppm(50), .tolerance = 1us};

// Feeds a reading at `mono` whose wall leads the monotonic clock by `lead`.
ClockEpoch feed(ClockWatch& watch, Duration mono, Duration lead) {
    return watch.feed(MonoTime(mono), WallTime(mono + lead));
}

TEST(ClockWatch, DriftIsNoJump) {
    ClockWatch watch(ClockEpoch{5}, kOptions);
    for (int s = 0; s < 1000; ++s) {
        EXPECT_EQ(feed(watch, s * 1s, 1000s + s * 50us), ClockEpoch{5});
    }
}

TEST(ClockWatch, JumpsOfBothDirectionsAreNumbered) {
    ClockWatch watch(ClockEpoch{5}, kOptions);
    feed(watch, 1s, 1000s);
    EXPECT_EQ(feed(watch, 2s, 1001s), ClockEpoch{6});
    EXPECT_EQ(watch.last_jump(), 1s - 50us);
    EXPECT_EQ(feed(watch, 3s, 1001s), ClockEpoch{6});
    EXPECT_EQ(feed(watch, 4s, 1000s), ClockEpoch{7});
    EXPECT_EQ(watch.last_jump(), -(1s - 50us));
}

TEST(ClockWatch, FrozenWallIsAJump) {
    ClockWatch watch(ClockEpoch{1}, kOptions);
    watch.feed(MonoTime(1s), WallTime(1000s));
    EXPECT_EQ(watch.feed(MonoTime(1s + 2us), WallTime(1000s)), ClockEpoch{2});
}

TEST(ClockWatch, CreepingBelowTheToleranceIsStillFound) {
    ClockWatch watch(ClockEpoch{1}, kOptions);
    ClockEpoch epoch{1};
    int steps = 0;
    for (; steps < 100 && epoch == ClockEpoch{1}; ++steps) {
        epoch = feed(watch, steps * 1ms, 1000s + steps * 900ns);  // 900 ppm
    }
    EXPECT_EQ(epoch, ClockEpoch{2});
    EXPECT_LT(steps, 5);
}

TEST(ClockWatch, NoiseBelowTheToleranceIsNoJump) {
    base::Rng rng(2);
    ClockWatch watch(ClockEpoch{1}, kOptions);
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_EQ(feed(watch, i * 10ms, 1000s + Duration(rng.between(-500, 500))), ClockEpoch{1});
    }
}

// What offset.h relies on: within one epoch every two readings are as close as promised.
TEST(ClockWatch, WithinAnEpochAllPairsAgree) {
    base::Rng rng(4);
    for (int round = 0; round < 300; ++round) {
        ClockWatch watch(ClockEpoch{1}, kOptions);
        std::vector<std::pair<Duration, Duration>> fed;
        Duration at{0};
        Duration lead{1000s};
        ClockEpoch epoch{1};
        for (int i = 0; i < 60; ++i) {
            at += Duration(rng.between(0, 100'000'000));
            lead += Duration(rng.between(-3'000, 3'000));
            if (const ClockEpoch now = feed(watch, at, lead); now != epoch) {
                fed.clear();
                epoch = now;
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
    ClockWatch watch(ClockEpoch{1}, kOptions);
    watch.feed(MonoTime(1s), WallTime::min());
    EXPECT_EQ(watch.feed(MonoTime(2s), WallTime::max()), ClockEpoch{2});
    EXPECT_EQ(watch.feed(MonoTime(3s), WallTime::min()), ClockEpoch{3});
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
