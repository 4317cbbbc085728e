#include "time/offset.h"

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/rng.h"
#include "time/clock_watch.h"

namespace distkv::time {
namespace {

constexpr ClockEpoch kFirst{1};
constexpr OffsetOptions kNoDrift{.drift = Drift{}, .tolerance = 0ns};

MonoTime mono(Duration d) {
    return MonoTime(d);
}
WallTime wall(Duration d) {
    return WallTime(d);
}

TEST(OffsetBounds, NothingUntilBothSidesAreKnown) {
    OffsetBounds bounds(kNoDrift);
    EXPECT_FALSE(bounds.at(mono(0s), wall(0s)).has_value());
    bounds.heard({wall(100s), kFirst}, mono(1s), 0ns);
    EXPECT_FALSE(bounds.at(mono(1s), wall(1s)).has_value());
    bounds.echoed(mono(1s), {wall(100s), kFirst}, mono(2s), 0ns);
    EXPECT_TRUE(bounds.at(mono(2s), wall(2s)).has_value());
}

// Peer's wall is 1000s ahead of our mono, one way takes 30ms, light needs 20ms.
TEST(OffsetBounds, ARoundTripBoundsBothSides) {
    OffsetBounds bounds(kNoDrift);
    bounds.echoed(mono(10s), {wall(1010s + 30ms), kFirst}, mono(10s + 60ms), 20ms);
    bounds.heard({wall(1010s + 30ms), kFirst}, mono(10s + 60ms), 20ms);
    // Our wall is 990s ahead of our mono, so the peer is 10s ahead of us.
    const OffsetInterval offset = bounds.at(mono(10s + 60ms), wall(1000s + 60ms)).value();
    EXPECT_EQ(offset.low, 10s - 10ms);
    EXPECT_EQ(offset.high, 10s + 10ms);
    EXPECT_TRUE(offset.contains(10s));
}

TEST(OffsetBounds, OurOwnJumpDisturbsNothing) {
    OffsetBounds bounds(kNoDrift);
    bounds.heard({wall(1010s), kFirst}, mono(10s), 0ns);
    bounds.echoed(mono(10s), {wall(1010s), kFirst}, mono(10s), 0ns);
    EXPECT_EQ(bounds.at(mono(10s), wall(1010s)).value().low, 0s);
    EXPECT_EQ(bounds.at(mono(10s), wall(1000s)).value().low, 10s);  // We were set back by 10s.
}

TEST(OffsetBounds, AgeWidens) {
    OffsetBounds bounds({.drift = ppm(100), .tolerance = 0ns});
    bounds.heard({wall(1010s), kFirst}, mono(10s), 0ns);
    bounds.echoed(mono(10s), {wall(1010s), kFirst}, mono(10s), 0ns);
    const OffsetInterval offset = bounds.at(mono(1010s), wall(2010s)).value();
    EXPECT_EQ(offset.high, 100ms + 10us);  // And drift upon drift.
    EXPECT_EQ(offset.low, -offset.high);
}

TEST(OffsetBounds, NewerEpochDropsOlderIsIgnored) {
    OffsetBounds bounds(kNoDrift);
    bounds.heard({wall(1010s), kFirst}, mono(10s), 0ns);
    bounds.echoed(mono(10s), {wall(1010s), kFirst}, mono(10s), 0ns);
    bounds.heard({wall(2011s), ClockEpoch{2}}, mono(11s), 0ns);
    EXPECT_FALSE(bounds.at(mono(11s), wall(11s)).has_value());
    EXPECT_EQ(bounds.counts().epochs, 1U);
    bounds.heard({wall(1011s), kFirst}, mono(11s), 0ns);
    EXPECT_EQ(bounds.counts().overtaken, 1U);
    bounds.echoed(mono(11s), {wall(2011s), ClockEpoch{2}}, mono(12s), 0ns);
    EXPECT_EQ(bounds.at(mono(12s), wall(2012s)).value().low, 0s);
    EXPECT_EQ(bounds.epoch(), ClockEpoch{2});
}

TEST(OffsetBounds, ContradictionKeepsTheNewestSide) {
    OffsetBounds bounds(kNoDrift);
    bounds.echoed(mono(10s), {wall(1010s), kFirst}, mono(10s), 0ns);
    bounds.heard({wall(1111s), kFirst}, mono(11s), 0ns);  // 100s above what the echo allows.
    EXPECT_EQ(bounds.counts().contradictions, 1U);
    EXPECT_FALSE(bounds.at(mono(11s), wall(11s)).has_value());
    bounds.echoed(mono(11s), {wall(1111s), kFirst}, mono(12s), 0ns);
    EXPECT_EQ(bounds.at(mono(12s), wall(1112s)).value().low, 0s);
}

TEST(OffsetBounds, NonsenseIsCountedNotUsed) {
    OffsetBounds bounds;
    bounds.echoed(mono(11s), {wall(1010s), kFirst}, mono(10s), 0ns);  // Of a message not yet sent.
    bounds.heard({WallTime::max(), kFirst}, mono(10s), 0ns);
    bounds.heard({WallTime::min(), kFirst}, mono(10s), 0ns);
    bounds.echoed(mono(1s), {WallTime::min(), kFirst}, mono(10s), 0ns);
    EXPECT_EQ(bounds.counts().impossible, 4U);
    EXPECT_EQ(bounds.counts().used, 0U);
    // The largest walls that count as readings, and our own wall at its ends: no overflow.
    bounds.heard({wall(Duration(std::int64_t{1} << 62)), kFirst}, mono(1h), 1s);
    bounds.echoed(mono(1h), {wall(Duration(std::int64_t{1} << 62)), kFirst}, mono(1h), 1s);
    EXPECT_EQ(bounds.counts().contradictions, 1U);  // A round trip of zero against floors of 1s.
    bounds.heard({wall(Duration(-(std::int64_t{1} << 62))), kFirst}, mono(2h), 0s);
    EXPECT_TRUE(bounds.at(mono(2h), WallTime::min()).has_value());
    EXPECT_TRUE(bounds.at(mono(2h), WallTime::max()).has_value());
}

// A peer whose wall drifts and jumps, talked to over a link with jitter. All figures in true time.
struct World {
    base::Rng rng;
    std::int64_t peer_ppb;
    std::int64_t mono_ppb;
    Duration peer_offset{1'000'000s};
    Duration peer_since{0};  // True time of the last jump.
    ClockWatch watch{kFirst, {.drift = ppm(100), .tolerance = 1us}};
    Duration now{0};
    static constexpr Duration kLink = 20ms;

    [[nodiscard]] Duration grown(Duration true_time, std::int64_t ppb) const {
        __extension__ using Wide = __int128;
        return true_time + Duration(static_cast<std::int64_t>(static_cast<Wide>(true_time.count()) *
                                                              ppb / 1'000'000'000));
    }
    [[nodiscard]] WallTime peer_wall() const {
        return wall(peer_offset + grown(now - peer_since, peer_ppb));
    }
    [[nodiscard]] MonoTime our_mono() const { return mono(1h + grown(now, mono_ppb)); }
    PeerReading peer_reads() { return {peer_wall(), watch.feed(mono(now), peer_wall())}; }
    void jump(Duration by) {
        peer_offset = peer_wall().time_since_epoch() + by;
        peer_since = now;
    }
    Duration transit() { return kLink + Duration(rng.between(0, 30'000'000)); }
};

struct Outcome {
    int checked = 0;
    int wrong = 0;
    Duration narrowest = Duration::max();
};

// The claim of the header, over random clocks, delays, silences and jumps.
Outcome converse(std::uint64_t seed, OffsetOptions options, std::uint32_t jump_per_million) {
    base::Rng rng(seed);
    World world{.rng = rng.fork("delays"),
                .peer_ppb = rng.between(-50'000, 50'000),
                .mono_ppb = rng.between(-50'000, 50'000)};
    OffsetBounds bounds(options);
    Outcome outcome;
    ClockEpoch true_epoch = kFirst;
    bool fresh = true;  // No jump since the last message.
    for (int i = 0; i < 300; ++i) {
        world.now += Duration(rng.between(0, rng.chance(50'000) ? 3'600'000'000'000 : 500'000'000));
        if (rng.chance(jump_per_million)) {
            world.jump(Duration(rng.between(-5'000'000'000, 5'000'000'000)));
            fresh = false;
        }
        if (fresh) {
            const WallTime ours = wall(7s + world.now);
            const auto offset = bounds.at(world.our_mono(), ours);
            if (offset) {
                ++outcome.checked;
                outcome.wrong += offset->contains(world.peer_wall() - ours) ? 0 : 1;
                outcome.narrowest = std::min(outcome.narrowest, offset->width());
            }
        }
        const MonoTime sent = world.our_mono();
        world.now += world.transit();
        const PeerReading reached = world.peer_reads();
        world.now += Duration(rng.between(0, 5'000'000));  // The peer thinks.
        const PeerReading answered = world.peer_reads();
        world.now += world.transit();
        if (rng.chance(900'000)) {
            bounds.echoed(sent, reached, world.our_mono(), World::kLink);
            bounds.heard(answered, world.our_mono(), World::kLink);
            fresh = true;
        }
        EXPECT_GE(answered.epoch, true_epoch);
        true_epoch = answered.epoch;
    }
    return outcome;
}

TEST(OffsetBounds, ContainTheTruthExceptBetweenAJumpAndTheNextRoundTrip) {
    Outcome sum;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Outcome one = converse(seed, {.drift = ppm(200), .tolerance = 1us}, 30'000);
        sum.checked += one.checked;
        sum.narrowest = std::min(sum.narrowest, one.narrowest);
        ASSERT_EQ(one.wrong, 0) << "seed " << seed;
    }
    EXPECT_GT(sum.checked, 50'000);
    // And they are worth something: far below the 100ms of the slowest round trip.
    EXPECT_LT(sum.narrowest, 5ms);
}

#if DISTKV_MUTANTS
TEST(OffsetBoundsMutants, WithoutDriftOldBoundsMiss) {
    const base::PlantedBug bug("offset_ignores_drift");
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        wrong += converse(seed, {.drift = ppm(200), .tolerance = 1us}, 0).wrong;
    }
    EXPECT_GT(wrong, 0);
}
#endif

}  // namespace
}  // namespace distkv::time
