#include "time/budget.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr MonoTime kNow{100s};

TEST(Budget, ShrinksAsTimePasses) {
    const Budget budget = Budget::starting(kNow, 10s);
    EXPECT_EQ(budget.left(kNow), 10s);
    EXPECT_EQ(budget.left(kNow + 4s), 6s);
    EXPECT_FALSE(budget.spent(kNow + 9s));
    EXPECT_TRUE(budget.spent(kNow + 10s));
    EXPECT_EQ(budget.left(kNow + 1h), 0s);
    EXPECT_EQ(Budget::starting(kNow, -1s).left(kNow), 0s);
    EXPECT_EQ(Budget::starting(kNow, Duration::max()).deadline(), MonoTime::max());
}

TEST(Budget, ChildrenGetLess) {
    const Budget budget = Budget::starting(kNow, 10s);
    EXPECT_EQ(budget.child(kNow, {}).value(), 9500ms);
    EXPECT_EQ(budget.child(kNow, {.round_trip = 100ms}).value(), 9500ms);
    EXPECT_EQ(budget.child(kNow, {.round_trip = 2s, .buffer = 1s}).value(), 7s);
    EXPECT_EQ(budget.child(kNow + 6s, {.round_trip = 2s, .buffer = 1s}).value(), 1s);
}

TEST(Budget, ImpossibleHopsShowTheArithmetic) {
    const Budget budget = Budget::starting(kNow, 100ms);
    const base::Error error = error_of(budget.child(kNow, {.round_trip = 90ms, .buffer = 10ms}));
    EXPECT_EQ(error.code, base::Errc::kRetry);
    EXPECT_EQ(error.detail,
              "the deadline cannot be met: 100ms left, the way takes 90ms, the "
              "answer 10ms");
    EXPECT_FALSE(budget.child(kNow + 1h, {}).has_value());
    EXPECT_FALSE(budget.child(kNow, {.round_trip = Duration::max(), .buffer = 1h}).has_value());
}

TEST(Budget, NeverGrowsAlongAChain) {
    base::Rng rng(1);
    for (int round = 0; round < 2000; ++round) {
        MonoTime now = kNow;
        const Duration patience(rng.between(1, 30'000'000'000));
        Budget budget = Budget::starting(now, patience);
        while (true) {
            const Hop hop{.round_trip = Duration(rng.between(0, 100'000'000)),
                          .buffer = Duration(rng.between(0, 10'000'000))};
            const base::Result<Duration> given = budget.child(now, hop);
            if (!given) {
                break;
            }
            ASSERT_LT(*given + hop.buffer, budget.left(now) + Duration(1));
            now += hop.round_trip / 2;  // The way there.
            const Budget child = Budget::starting(now, *given);
            // The answer can be back before the caller gives up.
            ASSERT_LE(child.deadline() + hop.round_trip / 2 + hop.buffer, budget.deadline());
            budget = child;
        }
    }
}

}  // namespace
}  // namespace distkv::time
