#include "time/hlc_clock.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr WallTime kStart{1'800'000'000s};

HlcClock clock_at(WallTime wall, Hlc floor = {}) {
    HlcClock clock(floor);
    clock.raise_ceiling(clock.wanted_ceiling(wall));
    return clock;
}

TEST(HlcClock, FollowsTheWallAndCountsWithin) {
    HlcClock clock = clock_at(kStart);
    EXPECT_EQ(clock.now(kStart).value(), Hlc::at(kStart));
    EXPECT_EQ(clock.now(kStart).value().word, Hlc::at(kStart).word + 1);
    EXPECT_EQ(clock.now(kStart + 1us).value(), Hlc::at(kStart + 1us));
    EXPECT_EQ(clock.now(kStart - 1h).value().word, Hlc::at(kStart + 1us).word + 1);
}

TEST(HlcClock, ReceiveIsAboveBoth) {
    HlcClock clock = clock_at(kStart);
    const Hlc remote = Hlc::at(kStart + 300ms);
    EXPECT_EQ(clock.receive(kStart, remote).value().word, remote.word + 1);
    EXPECT_EQ(clock.receive(kStart, Hlc{1}).value().word, remote.word + 2);
    EXPECT_EQ(clock.receive(kStart + 1s, remote).value(), Hlc::at(kStart + 1s));
}

TEST(HlcClock, NothingBeforeTheFirstCeiling) {
    HlcClock clock{Hlc{}};
    EXPECT_TRUE(clock.needs_ceiling(kStart));
    EXPECT_EQ(error_of(clock.now(kStart)).code, base::Errc::kRetry);
    EXPECT_EQ(error_of(clock.receive(kStart, Hlc{1})).code, base::Errc::kRetry);
    clock.raise_ceiling(clock.wanted_ceiling(kStart));
    EXPECT_FALSE(clock.needs_ceiling(kStart));
    EXPECT_TRUE(clock.now(kStart).has_value());
}

TEST(HlcClock, AsksForTheCeilingAhead) {
    HlcClock clock = clock_at(kStart);
    EXPECT_EQ(clock.ceiling(), Hlc::at(kStart + 2s));
    EXPECT_FALSE(clock.needs_ceiling(kStart + 999ms));
    EXPECT_TRUE(clock.needs_ceiling(kStart + 1s));
    clock.raise_ceiling(Hlc{5});  // A late, low one changes nothing.
    EXPECT_EQ(clock.ceiling(), Hlc::at(kStart + 2s));
}

TEST(HlcClock, WallBeyondTheCeilingIsClamped) {
    HlcClock clock = clock_at(kStart);
    const Hlc ceiling = clock.ceiling();
    Hlc last = clock.now(kStart).value();
    for (int i = 0; i < 10'000; ++i) {
        const Hlc next = clock.now(kStart + 1h).value();
        ASSERT_GT(next, last);
        ASSERT_LT(next, ceiling);
        last = next;
    }
    // Fresh to the millisecond, as far as the ceiling lets it.
    EXPECT_GE(last, Hlc::at(kStart + 2s - 1ms));
}

TEST(HlcClock, RunsOutJustBelowTheCeiling) {
    HlcClock clock{Hlc{}};
    clock.raise_ceiling(Hlc{4});
    EXPECT_EQ(clock.now(kStart).value(), Hlc{1});
    EXPECT_EQ(clock.now(kStart).value(), Hlc{2});
    EXPECT_EQ(clock.now(kStart).value(), Hlc{3});
    const base::Error error = error_of(clock.now(kStart));
    EXPECT_EQ(error.code, base::Errc::kRetry);
    EXPECT_NE(error.detail.find("ceiling"), std::string::npos);
    EXPECT_EQ(clock.last(), Hlc{3});
}

TEST(HlcClock, RemoteAtTheCeilingWaitsForIt) {
    HlcClock clock = clock_at(kStart);
    const Hlc remote = clock.ceiling();
    const Hlc last = clock.last();
    const base::Error error = error_of(clock.receive(kStart, remote));
    EXPECT_EQ(error.code, base::Errc::kRetry);
    EXPECT_NE(error.detail.find(to_string(clock.wanted_ceiling(kStart))), std::string::npos);
    EXPECT_EQ(clock.last(), last);
    EXPECT_TRUE(clock.needs_ceiling(kStart));
    EXPECT_GT(clock.wanted_ceiling(kStart), remote);
    clock.raise_ceiling(clock.wanted_ceiling(kStart));
    EXPECT_GT(clock.receive(kStart, remote).value(), remote);
}

TEST(HlcClock, RemoteJustBelowTheCeilingHasNoRoomAbove) {
    HlcClock clock = clock_at(kStart);
    const Hlc remote{clock.ceiling().word - 1};
    EXPECT_EQ(error_of(clock.receive(kStart, remote)).code, base::Errc::kRetry);
    EXPECT_EQ(clock.last(), Hlc{});
    EXPECT_EQ(clock.receive(kStart, Hlc{remote.word - 1}).value(), remote);
}

TEST(HlcClock, TheEndOfTime) {
    HlcClock clock{Hlc{UINT64_MAX - 3}};
    EXPECT_EQ(clock.wanted_ceiling(kStart), kHlcMax);
    clock.raise_ceiling(kHlcMax);
    EXPECT_EQ(clock.now(WallTime::max()).value().word, UINT64_MAX - 2);
    EXPECT_EQ(clock.now(WallTime::max()).value().word, UINT64_MAX - 1);
    EXPECT_EQ(error_of(clock.now(WallTime::max())).code, base::Errc::kInvalid);
    EXPECT_EQ(error_of(clock.receive(kStart, kHlcMax)).code, base::Errc::kInvalid);
    EXPECT_FALSE(clock.needs_ceiling(WallTime::max()));
    EXPECT_EQ(clock_at(WallTime::min()).now(WallTime::min()).value(), Hlc{1});
}

// A clock with its disk, driven by a wall that does anything, restarted at random.
struct Machine {
    base::Rng rng;
    Hlc durable;
    HlcClock clock{Hlc{}};
    WallTime wall = kStart;
    Hlc highest;
    int stamped = 0;

    void stamp(const base::Result<Hlc>& made, Hlc above) {
        if (!made) {
            EXPECT_EQ(made.error().code, base::Errc::kRetry) << to_string(made.error());
            return;
        }
        ++stamped;
        EXPECT_GT(*made, highest);
        EXPECT_GT(*made, above);
        EXPECT_LT(*made, durable);
        highest = *made;
    }

    void step() {
        wall += Duration(rng.between(-1'000'000, 2'000'000));
        if (rng.chance(20'000)) {
            wall += Duration(rng.between(-10'000'000'000, 10'000'000'000));
        }
        const std::uint64_t roll = rng.below(100);
        if (roll < 50) {
            stamp(clock.now(wall), Hlc{});
        } else if (roll < 80) {
            const Hlc remote = Hlc::at(wall + Duration(rng.between(-5'000'000'000, 5'000'000'000)));
            stamp(clock.receive(wall, remote), remote);
        } else if (roll < 98) {
            if (clock.needs_ceiling(wall)) {
                durable = clock.wanted_ceiling(wall);
                if (rng.chance(900'000)) {  // Else the answer of the disk comes late or never.
                    clock.raise_ceiling(durable);
                }
            }
        } else {
            clock = HlcClock(durable);
        }
    }
};

int run_machine(std::uint64_t seed) {
    Machine machine{.rng = base::Rng(seed)};
    for (int i = 0; i < 2000; ++i) {
        machine.step();
    }
    return machine.stamped;
}

TEST(HlcClock, NeverGoesBackAcrossRestartsAndJumps) {
    int stamped = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        stamped += run_machine(seed);
    }
    EXPECT_GT(stamped, 100'000);  // Else the test proves little.
}

// Effects are above their causes, whatever the walls say.
TEST(HlcClock, RespectsHappensBefore) {
    base::Rng rng(11);
    std::vector<HlcClock> clocks;
    std::vector<Duration> skew;
    for (int i = 0; i < 5; ++i) {
        HlcClock clock{Hlc{}};
        clock.raise_ceiling(kHlcMax);
        clocks.push_back(clock);
        skew.emplace_back(rng.between(-1'000'000'000, 1'000'000'000));
    }
    for (int i = 0; i < 20'000; ++i) {
        const WallTime wall = kStart + Duration(i * 10'000);
        const std::uint64_t from = rng.below(clocks.size());
        const std::uint64_t to = rng.below(clocks.size());
        const Hlc sent = clocks[from].now(wall + skew[from]).value();
        const Hlc before = clocks[to].last();
        const Hlc received = clocks[to].receive(wall + skew[to], sent).value();
        ASSERT_GT(received, sent);
        ASSERT_GT(received, before);
    }
}

#if DISTKV_MUTANTS
TEST(HlcClockMutants, ForgottenPersistGoesBackAfterARestart) {
    const base::PlantedBug bug("hlc_forgets_persist");
    HlcClock clock{Hlc{}};
    const base::Result<Hlc> early = clock.now(kStart + 1h);
    ASSERT_TRUE(early.has_value()) << "the bug stamps without a ceiling";
    HlcClock again(clock.ceiling());
    EXPECT_LT(again.now(kStart).value(), *early) << "and the restarted clock went back";
}

TEST(HlcClockMutants, SkippedMergePutsTheEffectBeforeItsCause) {
    const base::PlantedBug bug("receive_skips_merge");
    HlcClock clock = clock_at(kStart);
    const Hlc remote = Hlc::at(kStart + 500ms);
    EXPECT_LT(clock.receive(kStart, remote).value(), remote);
}
#endif

}  // namespace
}  // namespace distkv::time
