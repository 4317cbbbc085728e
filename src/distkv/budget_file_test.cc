#include "distkv/budget_file.h"

#include <gtest/gtest.h>

#include "distkv/read_file.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

std::string error_of(std::string_view toml) {
    const auto budget = parse_budget(toml, "f");
    return budget ? "no error" : budget.error().detail;
}

TEST(BudgetFile, ReadsTreeAndOptions) {
    const auto budget = parse_budget(R"(
        patience = "2s"
        safety = 3
        child_percent_max = 80
        client = "eu-west"
        [services.web]
        region = "us-east"
        processing = "1m0.5s"
        parallel = true
        calls = ["z", "a"]
        [services.a]
        region = "50.11,8.68"
        timeout = "1s"
        [services.z]
        region = "tokyo"
    )",
                                     "f");
    ASSERT_TRUE(budget) << budget.error().detail;
    EXPECT_EQ(budget->options.patience, 2s);
    EXPECT_EQ(budget->options.safety, 3);
    EXPECT_EQ(budget->options.child_percent_max, 80);
    EXPECT_TRUE(budget->options.client);
    EXPECT_EQ(budget->root.name, "web");
    EXPECT_EQ(budget->root.processing, 60500ms);
    EXPECT_TRUE(budget->root.parallel);
    ASSERT_EQ(budget->root.children.size(), 2U);
    EXPECT_EQ(budget->root.children[0].name, "z");  // In the order of the calls.
    EXPECT_EQ(budget->root.children[1].timeout, 1s);
    EXPECT_FALSE(budget->root.children[0].timeout);
}

TEST(BudgetFile, SaysWhatIsWrong) {
    struct Case {
        const char* toml;
        const char* says;
    };
    for (const Case& c : std::vector<Case>{
             {"", "no table of 1 to 10000 services"},
             {"services = 3", "no table of 1 to 10000 services"},
             {"[services.a]", "has no region"},
             {"services.a = 3", "is not a table"},
             {"[services.a]\nregion = 3", "wrong kind"},
             {"[services.a]\nregion = 'atlantis'", "no place is called"},
             {"[services.a]\nregion = '99,0'", "latitude"},
             {"[services.a]\nregion = 'tokyo'\ntimeout = 5", "\"250ms\" would be right"},
             {"[services.a]\nregion = 'tokyo'\ntimeout = '0s'", "too short"},
             {"[services.a]\nregion = 'tokyo'\nprocessing = '-1s'", "not a duration"},
             {"[services.a]\nregion = 'tokyo'\ncalls = 'b'", "calls is no list"},
             {"[services.a]\nregion = 'tokyo'\ncalls = [1]", "calls is no list"},
             {"[services.a]\nregion = 'tokyo'\ncalls = ['a']", "in a circle"},
             {"[services.a]\nregion = 'tokyo'\ncalls = ['b', 'b']\n[services.b]\nregion = 'tokyo'",
              "called from two places"},
             {"[services.a]\nregion = 'tokyo'\n[services.b]\nregion = 'tokyo'", "nobody calls"},
             {"safty = 1\n[services.a]\nregion = 'tokyo'", "did you mean 'safety'?"},
             {"patience = 1\n[services.a]\nregion = 'tokyo'", "wrong kind"},
             {"safety = 'high'\n[services.a]\nregion = 'tokyo'", "2.0 would be right"},
             {"[services.a]\nregion = 'tokyo'\n[services.a]", "f:3: "},
         }) {
        EXPECT_NE(error_of(c.toml).find(c.says), std::string::npos) << c.toml << '\n'
                                                                    << error_of(c.toml);
        EXPECT_TRUE(error_of(c.toml).starts_with("f:")) << error_of(c.toml);
    }
}

TEST(BudgetFile, DepthIsLimited) {
    std::string toml;
    for (int i = 0; i < 100; ++i) {
        toml += "[services.s" + std::to_string(i) + "]\nregion = 'tokyo'\n";
        toml += i < 99 ? "calls = ['s" + std::to_string(i + 1) + "']\n" : "";
    }
    EXPECT_NE(error_of(toml).find("deeper than 64"), std::string::npos) << error_of(toml);
    EXPECT_NE(error_of(std::string(100'000, '[')), "no error");
    EXPECT_NE(error_of("a = " + std::string(100'000, '[')), "no error");
}

TEST(ReadFile, RefusesWhatIsNoFile) {
    for (const char* path : {"/nonexistent", "/", "/dev/zero", ""}) {
        EXPECT_FALSE(read_config_file(path)) << path;
    }
}

}  // namespace
}  // namespace distkv::distkv
