#include "base/log.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/id.h"

namespace distkv::base {
namespace {

std::vector<std::string> lines_of(LogLevel level_min, const std::function<void(const Log&)>& use) {
    std::vector<std::string> lines;
    const Log log(level_min, [&](std::string_view line) { lines.emplace_back(line); });
    use(log);
    return lines;
}

TEST(Log, EventThenFields) {
    const auto lines = lines_of(LogLevel::kDebug, [](const Log& log) {
        log.info("became_leader", {{"shard", 7}, {"term", std::uint64_t{42}}});
        log.warn("slow", {{"took", "5 ms"}, {"node", NodeId{3}}, {"again", true}});
        log.error("alone", {});
    });
    EXPECT_EQ(lines, (std::vector<std::string>{"info became_leader shard=7 term=42",
                                               "warn slow took=\"5 ms\" node=3 again=true",
                                               "error alone"}));
}

TEST(Log, LevelsBelowTheLeastAreDropped) {
    const auto use = [](const Log& log) {
        log.debug("d", {});
        log.info("i", {});
        log.warn("w", {});
        log.error("e", {});
    };
    EXPECT_EQ(lines_of(LogLevel::kDebug, use).size(), 4U);
    EXPECT_EQ(lines_of(LogLevel::kWarn, use), (std::vector<std::string>{"warn w", "error e"}));
    EXPECT_TRUE(lines_of(LogLevel::kOff, use).empty());
    Log(LogLevel::kDebug, nullptr).info("nowhere", {});
}

TEST(Log, QuotedIfNeeded) {
    const struct {
        std::string_view value;
        std::string_view written;
    } cases[] = {
        {"plain", "plain"},
        {"a/b:c-1.5,d", "a/b:c-1.5,d"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak", "\"line\\x0abreak\""},
        {"\x1b[31mred", "\"\\x1b[31mred\""},
        {std::string_view("nul\0", 4), "\"nul\\x00\""},
        {"\x7f", "\"\\x7f\""},
        {"Z\xc3\xbcrich", "\"Z\xc3\xbcrich\""},
    };
    for (const auto& [value, written] : cases) {
        EXPECT_EQ(quoted_if_needed(value), written);
    }
}

}  // namespace
}  // namespace distkv::base
