#include "base/mutant.h"

#include <gtest/gtest.h>

namespace distkv::base {
namespace {

#if DISTKV_MUTANTS

TEST(Mutant, OneIsOnForAsLongAsItsObjectLives) {
    EXPECT_FALSE(MUTANT(skew_guard_off));
    {
        const PlantedBug bug("skew_guard_off");
        EXPECT_TRUE(MUTANT(skew_guard_off));
        EXPECT_FALSE(MUTANT(wall_clock_leak));
    }
    EXPECT_FALSE(MUTANT(skew_guard_off));
}

TEST(MutantDeathTest, UnknownNamesStop) {
    EXPECT_DEATH(PlantedBug("no_such_bug"), "no_such_bug");
}

#else

TEST(Mutant, IsTheConstantFalse) {
    static_assert(!MUTANT(skew_guard_off));
}

#endif

}  // namespace
}  // namespace distkv::base
