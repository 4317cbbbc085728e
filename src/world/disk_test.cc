#include "world/disk.h"

#include <gtest/gtest.h>

namespace distkv::world {
namespace {

TEST(CheckPath, TakesWhatStaysBelowItsDirectory) {
    for (const char* good : {"a", "a/b", "a.b/c-d_e", "...", "a b"}) {
        EXPECT_TRUE(check_path(good).has_value()) << good;
    }
    for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/."}) {
        const auto checked = check_path(bad);
        ASSERT_FALSE(checked.has_value()) << bad;
        EXPECT_EQ(checked.error().code, base::Errc::kInvalid);
        EXPECT_NE(checked.error().detail.find('"' + std::string(bad) + '"'), std::string::npos);
    }
}

}  // namespace
}  // namespace distkv::world
