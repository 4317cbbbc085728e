#include "sim/clock.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

TrueTime after(time::Duration span) {
    return TrueTime(span);
}

TEST(Clock, WhenMonoIsTheFirstMomentThatShowsTheReading) {
    base::Rng rng(3);
    for (int i = 0; i < 2000; ++i) {
        const Clock clock({.drift_ppb = rng.between(-500'000, 500'000),
                           .mono_at_start = time::Duration(rng.between(0, 1'000'000'000'000))});
        const TrueTime at = after(time::Duration(rng.between(0, 3'600'000'000'000)));
        const time::MonoTime reading = clock.mono(at);
        const TrueTime found = clock.when_mono(reading);
        ASSERT_LE(found, at);
        ASSERT_GE(clock.mono(found), reading);
        ASSERT_LT(clock.mono(found - 1ns), reading);
    }
}

TEST(Clock, DriftOffsetAndJumps) {
    Clock clock({.drift_ppb = 50'000, .offset = 3s});
    EXPECT_EQ(clock.error(after(0s)), 3s);
    EXPECT_EQ(clock.error(after(1000s)), 3s + 50ms);
    EXPECT_FALSE(clock.last_step(after(1000s)).has_value());
    clock.jump(after(1000s), -5s);
    EXPECT_EQ(clock.error(after(1000s)), -2s + 50ms);
    EXPECT_EQ(clock.last_step(after(2000s)), after(1000s));
    EXPECT_EQ(clock.latest_shown(after(1001s)), true_wall(after(1000s)) + 3s + 50ms)
        << "what it showed before the jump counts";
    clock.correct(after(2000s));
    EXPECT_EQ(clock.error(after(2000s)), 0s);
}

TEST(Clock, ATimerForTheEndOfTimeIsNoTrouble) {
    for (const std::int64_t drift : {-50'000, 0, 50'000}) {
        const Clock clock({.drift_ppb = drift, .mono_at_start = 5s});
        EXPECT_GT(clock.when_mono(time::MonoTime::max()), after(std::chrono::hours(24 * 365)));
    }
}

TEST(Clock, ARebootStartsTheMonotonicClockAgain) {
    Clock clock({.drift_ppb = 50'000, .offset = 3s, .mono_at_start = 1000s});
    const time::WallTime wall = clock.wall(after(10s));
    clock.reboot(after(10s));
    EXPECT_EQ(clock.mono(after(10s)), time::MonoTime{});
    EXPECT_EQ(clock.wall(after(10s)), wall);
    EXPECT_FALSE(clock.ever_stepped());
    EXPECT_EQ(clock.when_mono(clock.mono(after(20s))), after(20s));
}

TEST(Clock, FrozenItStandsAndThawedItGoesOnFromThere) {
    Clock clock({});
    clock.freeze(after(10s));
    EXPECT_TRUE(clock.frozen());
    EXPECT_EQ(clock.wall(after(25s)), clock.wall(after(10s)));
    EXPECT_EQ(clock.mono(after(25s)) - clock.mono(after(10s)), 15s) << "the oscillator runs on";
    EXPECT_EQ(clock.last_step(after(25s)), after(25s)) << "it steps all the time";
    clock.thaw(after(30s));
    EXPECT_EQ(clock.error(after(30s)), -20s);
    EXPECT_EQ(clock.error(after(40s)), -20s);
}

}  // namespace
}  // namespace distkv::sim
