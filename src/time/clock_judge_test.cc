#include "time/clock_judge.h"

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"

namespace distkv::time {
namespace {

constexpr base::NodeId kOwn{0};

std::optional<OffsetInterval> around(Duration offset, Duration error) {
    return OffsetInterval{offset - error, offset + error};
}
PeerClock peer(std::uint64_t id, std::optional<OffsetInterval> offset) {
    return {base::NodeId{id}, offset};
}

TEST(ClockJudge, NamesTheOneThatIsOff) {
    const ClockVerdict verdict = judge_clocks(
        kOwn, {peer(1, around(0s, 10ms)), peer(2, around(1h, 10ms)), peer(3, around(5ms, 10ms))},
        50ms);
    EXPECT_TRUE(verdict.determined);
    EXPECT_EQ(verdict.off, std::vector{base::NodeId{2}});
    EXPECT_TRUE(verdict.names(base::NodeId{2}));
    EXPECT_FALSE(verdict.names(kOwn));
    EXPECT_EQ(verdict.majority, 3U);
}

TEST(ClockJudge, NamesItself) {
    const ClockVerdict verdict =
        judge_clocks(kOwn, {peer(1, around(1h, 10ms)), peer(2, around(1h, 10ms))}, 50ms);
    EXPECT_TRUE(verdict.determined);
    EXPECT_EQ(verdict.off, std::vector{kOwn});
    ASSERT_EQ(verdict.agreed.size(), 1U);
    EXPECT_TRUE(verdict.agreed[0].contains(1h));
}

TEST(ClockJudge, NoMajorityNoVerdict) {
    const ClockVerdict scattered = judge_clocks(
        kOwn, {peer(1, around(1h, 1ms)), peer(2, around(2h, 1ms)), peer(3, around(3h, 1ms))}, 1ms);
    EXPECT_FALSE(scattered.determined);
    EXPECT_TRUE(scattered.off.empty());
    EXPECT_TRUE(scattered.agreed.empty());
    // Two against two is no majority either.
    const ClockVerdict even = judge_clocks(
        kOwn, {peer(1, around(0s, 1ms)), peer(2, around(1h, 1ms)), peer(3, around(1h, 1ms))}, 1ms);
    EXPECT_FALSE(even.determined);
    EXPECT_TRUE(even.off.empty());
}

TEST(ClockJudge, FewMeasuredNoVerdict) {
    const ClockVerdict verdict =
        judge_clocks(kOwn, {peer(1, around(0s, 1ms)), peer(2, {}), peer(3, {}), peer(4, {})}, 1ms);
    EXPECT_FALSE(verdict.determined);
    EXPECT_EQ(verdict.measured, 2U);
    EXPECT_TRUE(verdict.off.empty());
}

TEST(ClockJudge, UnmeasuredClocksMayBeAnywhere) {
    // Two agree, one is off, two are unmeasured: they might stand with the one.
    const ClockVerdict verdict = judge_clocks(
        kOwn, {peer(1, around(0s, 1ms)), peer(2, around(1h, 1ms)), peer(3, {}), peer(4, {})}, 1ms);
    EXPECT_TRUE(verdict.determined);
    EXPECT_TRUE(verdict.off.empty());
    EXPECT_EQ(verdict.agreed.size(), 2U);
}

TEST(ClockJudge, TouchingIntervalsAgree) {
    const ClockVerdict verdict = judge_clocks(kOwn, {peer(1, around(2ms, 0ms))}, 1ms);
    EXPECT_TRUE(verdict.determined);
    ASSERT_EQ(verdict.agreed.size(), 1U);
    EXPECT_EQ(verdict.agreed[0], (OffsetInterval{1ms, 1ms}));
    EXPECT_FALSE(judge_clocks(kOwn, {peer(1, around(2ms + 1ns, 0ms))}, 1ms).determined);
}

TEST(ClockJudge, AloneIsAMajorityOfOne) {
    const ClockVerdict verdict = judge_clocks(kOwn, {}, 1ms);
    EXPECT_TRUE(verdict.determined);
    EXPECT_TRUE(verdict.off.empty());
}

// What no judge can see, as the header says: three of five follow the same wrong server.
TEST(ClockJudge, ABadMajorityThatAgreesWins) {
    const ClockVerdict verdict = judge_clocks(kOwn,
                                              {peer(1, around(0s, 1ms)), peer(2, around(1h, 1ms)),
                                               peer(3, around(1h, 1ms)), peer(4, around(1h, 1ms))},
                                              1ms);
    EXPECT_TRUE(verdict.determined);
    EXPECT_EQ(verdict.off, (std::vector{kOwn, base::NodeId{1}}));
}

TEST(ClockJudge, ExtremeIntervals) {
    const ClockVerdict verdict =
        judge_clocks(kOwn,
                     {peer(1, OffsetInterval{Duration::min(), Duration::max()}),
                      peer(2, OffsetInterval{Duration::max(), Duration::max()})},
                     Duration::max());
    EXPECT_TRUE(verdict.determined);
}

// A random planet with a good majority: true offsets, and intervals that contain them.
struct Planet {
    Duration epsilon;
    std::vector<Duration> error;  // Of each clock from true time; [0] is our own.
    std::vector<PeerClock> peers;
    Duration widest{0};  // Of the measured intervals, widened by epsilon.
    std::size_t good_measured = 1;

    [[nodiscard]] bool good(std::size_t i) const { return std::chrono::abs(error[i]) <= epsilon; }
};

Planet random_planet(base::Rng& rng) {
    Planet planet;
    const std::size_t n = 1 + rng.below(12);
    planet.epsilon = Duration(rng.between(0, 100'000'000));
    const std::size_t bad = rng.below(n - n / 2);  // A majority stays good.
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t limit = planet.epsilon.count();
        planet.error.emplace_back(rng.between(-limit, limit));
    }
    const Duration conspiracy(rng.between(-5'000'000'000, 5'000'000'000));
    for (std::size_t i = 0; i < bad; ++i) {
        planet.error[rng.below(n)] =
            rng.chance(300'000) ? conspiracy : Duration(rng.between(-2'000'000'000, 2'000'000'000));
    }
    const std::uint32_t unmeasured_per_million = rng.chance(500'000) ? 0 : 200'000;
    planet.widest = 2 * planet.epsilon;
    planet.good_measured = planet.good(0) ? 1 : 0;
    for (std::size_t i = 1; i < n; ++i) {
        const Duration offset = planet.error[i] - planet.error[0];
        PeerClock one{base::NodeId{i}, {}};
        if (!rng.chance(unmeasured_per_million)) {
            one.offset = OffsetInterval{offset - Duration(rng.between(0, 80'000'000)),
                                        offset + Duration(rng.between(0, 80'000'000))};
            planet.widest = std::max(planet.widest, one.offset->width() + 2 * planet.epsilon);
            planet.good_measured += planet.good(i) ? 1U : 0U;
        }
        planet.peers.push_back(one);
    }
    return planet;
}

struct Found {
    int good_named = 0;    // Soundness broken.
    int bad_missed = 0;    // Completeness broken.
    int undetermined = 0;  // Although all clocks of a good majority were measured.
    int named = 0;
};

Found judge_planets(std::uint64_t seed, int rounds) {
    base::Rng rng(seed);
    Found found;
    for (int round = 0; round < rounds; ++round) {
        const Planet planet = random_planet(rng);
        const ClockVerdict verdict = judge_clocks(kOwn, planet.peers, planet.epsilon);
        const std::size_t n = planet.error.size();
        const bool complete = planet.good_measured >= n - n / 2;
        found.undetermined += !verdict.determined && planet.good_measured >= n / 2 + 1 ? 1 : 0;
        for (std::size_t i = 0; i < n; ++i) {
            const bool named = verdict.names(base::NodeId{i});
            const bool measured = i == 0 || planet.peers[i - 1].offset.has_value();
            found.named += named ? 1 : 0;
            found.good_named += named && planet.good(i) ? 1 : 0;
            found.bad_missed += verdict.determined && complete && measured && !named &&
                                        std::chrono::abs(planet.error[i]) > 2 * planet.widest
                                    ? 1
                                    : 0;
        }
    }
    return found;
}

TEST(ClockJudge, SoundAndCompleteOnRandomPlanets) {
    const Found found = judge_planets(1, 50'000);
    EXPECT_EQ(found.good_named, 0);
    EXPECT_EQ(found.bad_missed, 0);
    EXPECT_EQ(found.undetermined, 0);
    EXPECT_GT(found.named, 10'000);
}

#if DISTKV_MUTANTS
TEST(ClockJudgeMutants, AMinorityThatRulesIsNoticed) {
    const base::PlantedBug bug("judge_minority_rules");
    EXPECT_GT(judge_planets(1, 2'000).bad_missed, 0);
}
#endif

}  // namespace
}  // namespace distkv::time
