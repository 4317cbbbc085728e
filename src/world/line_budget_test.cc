#include "world/line_budget.h"

#include <gtest/gtest.h>

namespace distkv::world {
namespace {

using namespace std::chrono_literals;

time::MonoTime at(time::Duration since_start) {
    return time::MonoTime(since_start);
}

TEST(LineBudget, ABurstThenOneASecondThatSaysWhatWasLeftOut) {
    LineBudget budget;
    for (std::uint64_t i = 0; i < LineBudget::kBurst; ++i) {
        EXPECT_EQ(budget.admit(at(5s)), 0U);
    }
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(budget.admit(at(5s + 999ms)), std::nullopt);
    }
    EXPECT_EQ(budget.admit(at(6s)), 1000U);
    EXPECT_EQ(budget.admit(at(6s)), std::nullopt);
}

TEST(LineBudget, SilenceBringsTheBurstBackAndNoMore) {
    LineBudget budget;
    for (const time::Duration start : {0s, 3600s}) {
        std::uint64_t admitted = 0;
        for (int i = 0; i < 100; ++i) {
            admitted += budget.admit(at(start)) ? 1 : 0;
        }
        EXPECT_EQ(admitted, LineBudget::kBurst);
    }
}

TEST(LineBudget, OverALongFloodTheRateHolds) {
    LineBudget budget;
    std::uint64_t admitted = 0;
    for (int ms = 0; ms < 100'000; ++ms) {
        admitted += budget.admit(at(ms * 1ms)) ? 1 : 0;
    }
    EXPECT_GE(admitted, 100U);
    EXPECT_LE(admitted, 100U + LineBudget::kBurst);
}

}  // namespace
}  // namespace distkv::world
