#include "time/wall_doubt.h"

#include <gtest/gtest.h>

namespace distkv::time {
namespace {

constexpr WallTime kNoon{12h};

TEST(WallDoubt, SmallStepsAndStepsBackAreTakenAtOnce) {
    WallDoubt doubt(500ms);
    doubt.jumped(500ms);
    doubt.jumped(-1h);
    EXPECT_FALSE(doubt.doubted());
    EXPECT_EQ(doubt.stamping(kNoon), kNoon);
}

TEST(WallDoubt, ALeapIsHeldBackUntilItIsConfirmed) {
    WallDoubt doubt(500ms);
    doubt.jumped(1h);
    EXPECT_TRUE(doubt.doubted());
    EXPECT_EQ(doubt.stamping(kNoon), kNoon - 1h);
    doubt.confirmed();
    EXPECT_EQ(doubt.stamping(kNoon), kNoon);
}

TEST(WallDoubt, ALeapThatIsTakenBackLeavesNothing) {
    WallDoubt doubt(500ms);
    doubt.jumped(1h);
    doubt.jumped(100ms);  // Held back too: it is part of the same doubtful clock.
    EXPECT_EQ(doubt.stamping(kNoon), kNoon - 1h - 100ms);
    doubt.jumped(-1h);
    EXPECT_EQ(doubt.stamping(kNoon), kNoon - 100ms);
    doubt.jumped(-1h);
    EXPECT_FALSE(doubt.doubted());
    EXPECT_EQ(doubt.stamping(kNoon), kNoon);
}

}  // namespace
}  // namespace distkv::time
