#include "base/rng.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace distkv::base {
namespace {

// Independent of this code: xoshiro256** seeded by splitmix64, as published by Blackman and Vigna.
// Seeds of old runs must replay: never change these expectations.
TEST(Rng, GoldenSplitMixAndXoshiro) {
    Rng zero(0);
    EXPECT_EQ(zero.next(), 0x99ec5f36cb75f2b4U);
    EXPECT_EQ(zero.next(), 0xbf6e1f784956452aU);
    EXPECT_EQ(zero.next(), 0x1a5f849d4933e6e0U);
}

TEST(Rng, SameSeedSameNumbers) {
    Rng a(42);
    Rng b(42);
    Rng c(43);
    bool differs = false;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t value = a.next();
        ASSERT_EQ(value, b.next());
        differs = differs || value != c.next();
    }
    EXPECT_TRUE(differs);
}

TEST(Rng, BelowIsUniform) {
    Rng rng(7);
    constexpr int kDraws = 100'000;
    std::array<int, 10> seen{};
    for (int i = 0; i < kDraws; ++i) {
        ++seen[rng.below(seen.size())];
    }
    // Chi squared with 9 degrees of freedom: 27.9 is passed once in a thousand seeds.
    double chi_squared = 0;
    for (const int count : seen) {
        const double off = count - kDraws / 10.0;
        chi_squared += off * off / (kDraws / 10.0);
    }
    EXPECT_LT(chi_squared, 27.9);
}

TEST(Rng, BoundsAreKept) {
    Rng rng(3);
    std::set<std::int64_t> seen;
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_EQ(rng.below(1), 0U);
        EXPECT_LT(rng.below(UINT64_MAX), UINT64_MAX);
        const std::int64_t small = rng.between(-2, 2);
        ASSERT_GE(small, -2);
        ASSERT_LE(small, 2);
        seen.insert(small);
        const double unit = rng.unit();
        ASSERT_GE(unit, 0);
        ASSERT_LT(unit, 1);
    }
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(rng.between(9, 9), 9);
    EXPECT_EQ(rng.between(INT64_MIN, INT64_MIN), INT64_MIN);
}

TEST(Rng, TheWholeRangeOfSignedNumbers) {
    Rng rng(4);
    int negative = 0;
    for (int i = 0; i < 1000; ++i) {
        negative += rng.between(INT64_MIN, INT64_MAX) < 0 ? 1 : 0;
    }
    EXPECT_GT(negative, 400);
    EXPECT_LT(negative, 600);
}

TEST(Rng, Chance) {
    Rng rng(5);
    int hits = 0;
    for (int i = 0; i < 100'000; ++i) {
        EXPECT_FALSE(rng.chance(0));
        EXPECT_TRUE(rng.chance(1'000'000));
        hits += rng.chance(250'000) ? 1 : 0;
    }
    EXPECT_NEAR(hits, 25'000, 700);
}

TEST(Rng, ForksAreIndependentOfWhatWasDrawn) {
    Rng rng(6);
    const std::uint64_t before = rng.fork("network").next();
    rng.next();
    rng.next();
    EXPECT_EQ(rng.fork("network").next(), before);
    EXPECT_NE(rng.fork("disk").next(), before);
    EXPECT_NE(rng.fork("").next(), Rng(6).next());
    EXPECT_NE(Rng(6).fork("a").fork("b").next(), Rng(6).fork("b").fork("a").next());
}

TEST(RngDeathTest, EmptyRanges) {
    EXPECT_DEATH(static_cast<void>(Rng(1).below(0)), "bound > 0");
    EXPECT_DEATH(static_cast<void>(Rng(1).between(1, 0)), "low <= high");
}

}  // namespace
}  // namespace distkv::base
