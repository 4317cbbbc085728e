#include "time/light.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr WallTime kNow{1'800'000'000s};
constexpr base::NodeId kPeer{7};

Arrival arrival(Duration took, Duration epsilons) {
    return {
        .from = kPeer, .sent = kNow, .received = kNow + took, .floor = 30ms, .epsilons = epsilons};
}

TEST(LightMonitor, CountsWhatLightForbids) {
    LightMonitor monitor;
    EXPECT_TRUE(monitor.check(arrival(30ms, 0s)).has_value());
    EXPECT_TRUE(monitor.check(arrival(29ms, 2ms)).has_value());
    EXPECT_TRUE(monitor.check(arrival(-1s, 2ms)).has_value());
    const LightCounts counts = monitor.counts().at(kPeer);
    EXPECT_EQ(counts.checked, 3U);
    EXPECT_EQ(counts.early, 2U);
    EXPECT_EQ(counts.proven, 1U);
    EXPECT_EQ(counts.rejected, 0U);
    EXPECT_EQ(counts.earliest_by, 1s + 30ms);
}

TEST(LightMonitor, RejectsOnlyBeyondBothEpsilons) {
    LightMonitor monitor(LightPolicy::kReject);
    EXPECT_TRUE(monitor.check(arrival(25ms, 5ms)).has_value());
    const base::Error error = error_of(monitor.check(arrival(25ms - 1ns, 5ms)));
    EXPECT_EQ(error.code, base::Errc::kInvalid);
    EXPECT_NE(error.detail.find("node7"), std::string::npos);
    EXPECT_TRUE(monitor.check(arrival(-1h, Duration::max())).has_value());
    EXPECT_EQ(monitor.counts().at(kPeer).rejected, 1U);
}

TEST(LightMonitor, ExtremeStamps) {
    LightMonitor monitor(LightPolicy::kReject);
    EXPECT_FALSE(monitor
                     .check({.from = kPeer,
                             .sent = WallTime::max(),
                             .received = WallTime::min(),
                             .floor = 30ms,
                             .epsilons = 1h})
                     .has_value());
    EXPECT_TRUE(monitor
                    .check({.from = kPeer,
                            .sent = WallTime::min(),
                            .received = WallTime::max(),
                            .floor = 30ms,
                            .epsilons = 0s})
                    .has_value());
}

// Clocks within their epsilons and a network no faster than light are never accused.
TEST(LightMonitor, HonestClocksAreNeverAccused) {
    base::Rng rng(1);
    LightMonitor monitor(LightPolicy::kReject);
    for (int i = 0; i < 20'000; ++i) {
        const Duration ours(rng.between(0, 10'000'000));
        const Duration theirs(rng.between(0, 10'000'000));
        const Duration flight = 30ms + Duration(rng.between(0, 1'000'000));
        const WallTime sent = kNow + Duration(rng.between(-theirs.count(), theirs.count()));
        const WallTime got = kNow + flight + Duration(rng.between(-ours.count(), ours.count()));
        ASSERT_TRUE(monitor
                        .check({.from = kPeer,
                                .sent = sent,
                                .received = got,
                                .floor = 30ms,
                                .epsilons = ours + theirs})
                        .has_value());
    }
    EXPECT_GT(monitor.counts().at(kPeer).early, 1000U);
}

Event event(double longitude, Duration at, Duration error) {
    return {{0, longitude}, Interval::around(kNow + at, error)};
}

TEST(LightCone, Verdicts) {
    // 10 degrees of the equator: 1113 km, 5.565 ms.
    const struct {
        Event b;
        Cone cone;
        int first;
    } cases[] = {
        {event(10, 6ms, 0s), Cone::kTimelike, -1},   {event(10, -6ms, 0s), Cone::kTimelike, 1},
        {event(10, 5ms, 0s), Cone::kSpacelike, -1},  {event(10, 0s, 0s), Cone::kSpacelike, 0},
        {event(10, 6ms, 1ms), Cone::kUnknown, -1},   {event(10, 8ms, 1ms), Cone::kTimelike, -1},
        {event(10, 3ms, 1ms), Cone::kSpacelike, -1}, {event(10, 0s, 1h), Cone::kUnknown, 0},
        {event(0, 1ns, 0s), Cone::kTimelike, -1},
    };
    for (const auto& [b, cone, first] : cases) {
        const ConeVerdict verdict = light_cone(event(0, 0s, 0s), b);
        EXPECT_EQ(verdict.cone, cone) << verdict.arithmetic;
        EXPECT_EQ(verdict.first, first) << verdict.arithmetic;
        const ConeVerdict mirrored = light_cone(b, event(0, 0s, 0s));
        EXPECT_EQ(mirrored.cone, cone);
        EXPECT_EQ(mirrored.first, -first);
    }
}

TEST(LightCone, ShowsItsArithmetic) {
    EXPECT_EQ(light_cone(event(0, 0s, 0s), event(10, 6ms, 0s)).arithmetic,
              "1113 km need light 5.565ms; the events lie 6ms apart: light had the time, so the "
              "earlier can have influenced the later");
    EXPECT_EQ(light_cone(event(0, 0s, 0s), event(10, 6ms, 1ms)).arithmetic,
              "1113 km need light 5.565ms; the events lie 5ms to 7ms apart: the times are too "
              "uncertain to say");
}

}  // namespace
}  // namespace distkv::time
