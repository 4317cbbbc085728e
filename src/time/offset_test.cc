#include "time/offset.h"

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"

namespace distkv::time {
namespace {

constexpr OffsetOptions kNoDrift{.mono_drift = Drift{}, .wall_drift = Drift{}};
constexpr OffsetOptions kOptions{.mono_drift = ppm(100), .wall_drift = ppm(50)};

MonoTime mono(Duration d) {
    return MonoTime(d);
}

ClockReading reading(Duration mono, Duration wall, Duration apart = 0ns) {
    return {MonoTime(mono), WallTime(wall), apart};
}

TEST(OffsetBounds, NothingUntilBothSidesAreKnown) {
    OffsetBounds bounds(kNoDrift);
    EXPECT_FALSE(bounds.at(reading(0s, 0s)).has_value());
    bounds.heard(reading(9s, 100s), mono(1s), 0ns);
    EXPECT_FALSE(bounds.at(reading(1s, 1s)).has_value());
    bounds.echoed(mono(1s), reading(9s, 100s), mono(2s), 0ns);
    EXPECT_TRUE(bounds.at(reading(2s, 2s)).has_value());
}

// The peer's mono is 500s ahead of ours and its wall 1000s, one way takes 30ms, light needs 20ms.
OffsetBounds after_a_round_trip() {
    OffsetBounds bounds(kNoDrift);
    bounds.echoed(mono(10s), reading(510s + 30ms, 1010s + 30ms), mono(10s + 60ms), 20ms);
    bounds.heard(reading(510s + 30ms, 1010s + 30ms), mono(10s + 60ms), 20ms);
    return bounds;
}

TEST(OffsetBounds, ARoundTripBoundsBothSides) {
    // Our wall is 990s ahead of our mono, so the peer is 10s ahead of us.
    const auto offset = after_a_round_trip().at(reading(10s + 60ms, 1000s + 60ms)).value();
    EXPECT_EQ(offset.low, 10s - 10ms);
    EXPECT_EQ(offset.high, 10s + 10ms);
}

TEST(OffsetBounds, OurOwnJumpDisturbsNothing) {
    const OffsetBounds bounds = after_a_round_trip();
    EXPECT_EQ(bounds.at(reading(11s, 1011s)).value().low, -10ms);
    EXPECT_EQ(bounds.at(reading(11s, 1001s)).value().low, 10s - 10ms);  // Set back by 10s.
}

TEST(OffsetBounds, OneMessageTellsThatThePeersWallJumped) {
    OffsetBounds bounds = after_a_round_trip();
    bounds.heard(reading(511s, 2011s), mono(11s + 30ms), 20ms);  // By 1000s.
    const auto offset = bounds.at(reading(11s + 30ms, 1001s + 30ms)).value();
    EXPECT_EQ(offset.low, 1010s - 10ms);
    EXPECT_EQ(offset.width(), 20ms);
    EXPECT_EQ(bounds.counts().steps, 1U);
}

TEST(OffsetBounds, AFrozenWallIsFollowedToItsNewestReading) {
    OffsetBounds bounds = after_a_round_trip();
    for (int s = 1; s <= 60; ++s) {
        bounds.heard(reading(510s + s * 1s, 1010s), mono(10s + s * 1s + 30ms), 20ms);
    }
    const auto offset = bounds.at(reading(70s + 30ms, 1070s + 30ms)).value();
    EXPECT_TRUE(offset.contains(1010s - 1070s));
    EXPECT_EQ(offset.width(), 20ms);
}

TEST(OffsetBounds, AnOvertakenMessageTellsNothingAboutTheWall) {
    OffsetBounds bounds = after_a_round_trip();
    bounds.heard(reading(511s, 2011s), mono(11s + 30ms), 20ms);
    bounds.heard(reading(510s + 500ms, 1010s + 500ms), mono(11s + 40ms), 20ms);
    EXPECT_EQ(bounds.counts().overtaken, 1U);
    EXPECT_EQ(bounds.at(reading(11s + 30ms, 1001s + 30ms)).value().low, 1010s - 10ms);
}

TEST(OffsetBounds, AgeWidens) {
    OffsetBounds bounds({.mono_drift = ppm(100), .wall_drift = Drift{}});
    bounds.heard(reading(1010s, 1010s), mono(10s), 0ns);
    bounds.echoed(mono(10s), reading(1010s, 1010s), mono(10s), 0ns);
    const auto offset = bounds.at(reading(1010s, 2010s)).value();
    EXPECT_EQ(offset.high, 100ms + 10us);  // And drift upon drift.
    EXPECT_EQ(offset.low, -offset.high);
}

TEST(OffsetBounds, TheAgeOfTheLeadWidensToo) {
    OffsetBounds bounds({.mono_drift = Drift{}, .wall_drift = ppm(100)});
    bounds.heard(reading(1010s, 1010s), mono(10s), 0ns);
    bounds.echoed(mono(10s), reading(1010s, 1010s), mono(10s), 0ns);
    const auto offset = bounds.at(reading(1010s, 2010s)).value();
    EXPECT_EQ(offset.high, 100ms + 10us);
    EXPECT_EQ(offset.low, -offset.high);
}

TEST(OffsetBounds, ClocksThatWereNotReadAtOnceWiden) {
    OffsetBounds bounds(kNoDrift);
    bounds.heard(reading(1010s, 1010s, 3us), mono(10s), 0ns);
    bounds.echoed(mono(10s), reading(1010s, 1010s, 3us), mono(10s), 0ns);
    const auto offset = bounds.at(reading(10s, 1010s, 5us)).value();
    EXPECT_EQ(offset.low, -3us);
    EXPECT_EQ(offset.high, 5us);
}

TEST(OffsetBounds, ContradictionKeepsTheNewestSide) {
    OffsetBounds bounds(kNoDrift);
    bounds.echoed(mono(10s), reading(1010s, 1010s), mono(10s), 0ns);
    bounds.heard(reading(1111s, 1111s), mono(11s), 0ns);  // 100s above what the echo allows.
    EXPECT_EQ(bounds.counts().contradictions, 1U);
    EXPECT_FALSE(bounds.at(reading(11s, 11s)).has_value());
    bounds.echoed(mono(11s), reading(1111s, 1111s), mono(12s), 0ns);
    EXPECT_EQ(bounds.at(reading(12s, 1112s)).value().low, 0s);
}

TEST(OffsetBounds, NonsenseIsCountedNotUsed) {
    OffsetBounds bounds;
    bounds.echoed(mono(11s), reading(1010s, 1010s), mono(10s), 0ns);  // Of what was not yet sent.
    bounds.heard({mono(1s), WallTime::max()}, mono(10s), 0ns);
    bounds.heard({mono(1s), WallTime::min()}, mono(10s), 0ns);
    bounds.heard({MonoTime::max(), WallTime()}, mono(10s), 0ns);
    bounds.heard({MonoTime::min(), WallTime()}, mono(10s), 0ns);
    bounds.heard(reading(1s, 1s, -1ns), mono(10s), 0ns);
    bounds.heard(reading(1s, 1s, Duration::max()), mono(10s), 0ns);
    bounds.echoed(mono(1s), {mono(1s), WallTime::min()}, mono(10s), 0ns);
    EXPECT_EQ(bounds.counts().impossible, 8U);
    EXPECT_EQ(bounds.counts().used, 0U);
    EXPECT_FALSE(bounds.at(reading(10s, 10s)).has_value());
}

TEST(OffsetBounds, TheEndsOfTheRangeDoNotOverflow) {
    constexpr Duration kEdge{std::int64_t{1} << 61};
    for (const Duration peer_mono : {kEdge, -kEdge, 0ns}) {
        for (const Duration peer_wall : {kEdge, -kEdge, 0ns}) {
            OffsetBounds bounds(kOptions);
            bounds.heard(reading(peer_mono, peer_wall), mono(1h), 1s);
            bounds.echoed(mono(1h), reading(peer_mono, peer_wall), mono(1h), 1s);
            EXPECT_EQ(bounds.counts().contradictions, 1U);  // A round trip of zero, floors of 1s.
            bounds.heard(reading(peer_mono, -peer_wall), mono(2h), 0s);
            EXPECT_TRUE(bounds.at({mono(2h), WallTime::min()}).has_value());
            EXPECT_TRUE(bounds.at({mono(2h), WallTime::max()}).has_value());
        }
    }
}

// A peer whose wall drifts and jumps, talked to over a link with jitter. All figures in true time.
struct World {
    base::Rng rng;
    std::int64_t wall_ppb;       // The peer's wall against its mono.
    std::int64_t peer_mono_ppb;  // Both monos against the truth.
    std::int64_t our_mono_ppb;
    Duration lead{1'000'000s};
    Duration lead_since{0};  // The peer's mono at the last jump.
    Duration now{0};
    static constexpr Duration kLink = 20ms;

    static Duration grown(Duration span, std::int64_t ppb) {
        __extension__ using Wide = __int128;
        return span + Duration(static_cast<std::int64_t>(static_cast<Wide>(span.count()) * ppb /
                                                         1'000'000'000));
    }
    [[nodiscard]] Duration peer_mono() const { return grown(now, peer_mono_ppb) - 5s; }
    [[nodiscard]] Duration peer_wall() const {
        return lead + lead_since + grown(peer_mono() - lead_since, wall_ppb);
    }
    [[nodiscard]] MonoTime our_mono() const { return mono(1h + grown(now, our_mono_ppb)); }
    ClockReading peer_reads() {
        const ClockReading taken = reading(peer_mono(), peer_wall());
        const Duration apart(rng.between(0, 2'000));
        return {taken.mono - apart, taken.wall, apart};
    }
    void jump(Duration by) {
        lead = peer_wall() - peer_mono() + by;
        lead_since = peer_mono();
    }
    Duration transit() { return kLink + Duration(rng.between(0, 30'000'000)); }
};

struct Outcome {
    int checked = 0;
    int wrong = 0;
    Duration narrowest = Duration::max();
};

// The claim of the header, over random clocks, delays, silences, jumps and overtaken messages.
Outcome converse(std::uint64_t seed, std::uint32_t jump_per_million) {
    base::Rng rng(seed);
    World world{.rng = rng.fork("delays"),
                .wall_ppb = rng.between(-49'000, 49'000),
                .peer_mono_ppb = rng.between(-49'000, 49'000),
                .our_mono_ppb = rng.between(-49'000, 49'000)};
    OffsetBounds bounds(kOptions);
    Outcome outcome;
    bool fresh = true;  // No jump since the last message.
    std::optional<ClockReading> late;
    for (int i = 0; i < 300; ++i) {
        world.now += Duration(rng.between(0, rng.chance(50'000) ? 3'600'000'000'000 : 500'000'000));
        if (rng.chance(jump_per_million)) {
            world.jump(Duration(rng.between(-5'000'000'000, 5'000'000'000)));
            fresh = false;
        }
        if (fresh) {
            const Duration ours = 7s + world.now;
            const auto offset = bounds.at({world.our_mono(), WallTime(ours)});
            if (offset) {
                ++outcome.checked;
                outcome.wrong += offset->contains(world.peer_wall() - ours) ? 0 : 1;
                outcome.narrowest = std::min(outcome.narrowest, offset->width());
            }
        }
        const MonoTime sent = world.our_mono();
        world.now += world.transit();
        const ClockReading reached = world.peer_reads();
        world.now += Duration(rng.between(0, 5'000'000));  // The peer thinks.
        const ClockReading answered = world.peer_reads();
        world.now += world.transit();
        if (rng.chance(900'000)) {
            bounds.echoed(sent, reached, world.our_mono(), World::kLink);
            bounds.heard(answered, world.our_mono(), World::kLink);
            fresh = true;
        } else {
            late = answered;
        }
        if (late && rng.chance(300'000)) {
            bounds.heard(*late, world.our_mono(), World::kLink);
            late.reset();
        }
    }
    return outcome;
}

TEST(OffsetBounds, ContainTheTruthExceptBetweenAJumpAndTheNextMessage) {
    Outcome sum;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Outcome one = converse(seed, 30'000);
        sum.checked += one.checked;
        sum.narrowest = std::min(sum.narrowest, one.narrowest);
        ASSERT_EQ(one.wrong, 0) << "seed " << seed;
    }
    EXPECT_GT(sum.checked, 50'000);
    // And they are worth something: far below the 100ms of the slowest round trip.
    EXPECT_LT(sum.narrowest, 5ms);
}

#if DISTKV_MUTANTS
class OffsetBoundsMutants : public testing::TestWithParam<const char*> {};

TEST_P(OffsetBoundsMutants, Miss) {
    const base::PlantedBug bug(GetParam());
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        wrong += converse(seed, 30'000).wrong;
    }
    EXPECT_GT(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Planted, OffsetBoundsMutants,
                         testing::Values("offset_ignores_drift", "offset_keeps_first_lead"));
#endif

}  // namespace
}  // namespace distkv::time
