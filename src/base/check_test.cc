#include "base/check.h"

#include <string>

#include <gtest/gtest.h>

#include "base/id.h"

namespace distkv::base {
namespace {

TEST(CheckDeathTest, StopsAndSaysWhy) {
    const int held = 3;
    CHECK(held == 3);
    CHECK(held == 3, "never read");
    EXPECT_DEATH(CHECK(held == 4), "CHECK failed: held == 4 \\(.*check_test.cc:[0-9]+\\)");
    EXPECT_DEATH(CHECK(held == 4, "the detail"), "CHECK failed: held == 4: the detail");
    EXPECT_DEATH(CHECK(held == 4, std::string("built ") + "detail"), "built detail");
}

TEST(Check, EvaluatesItsConditionOnce) {
    int calls = 0;
    CHECK(++calls == 1);
    EXPECT_EQ(calls, 1);
}

TEST(Id, DistinctTypesWithAnOrder) {
    EXPECT_LT(NodeId{1}, NodeId{2});
    EXPECT_EQ(NodeId{}, NodeId{0});
    EXPECT_EQ(to_string(NodeId{42}), "42");
    static_assert(!std::is_convertible_v<NodeId, ReactorId>);
    static_assert(!std::is_convertible_v<std::uint64_t, NodeId>);
}

}  // namespace
}  // namespace distkv::base
