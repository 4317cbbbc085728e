#include "distkv/bench_node.h"

#include <gtest/gtest.h>

#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

TEST(NodeStats, TextComesBack) {
    NodeStats stats{.led = 1,
                    .asleep = 2,
                    .committed = 3,
                    .failed = 4,
                    .applied = 5,
                    .cpu_ns = 6,
                    .syncs = 7,
                    .log_bytes = 8,
                    .frames = 9,
                    .passes = UINT64_MAX,
                    .latencies = {}};
    stats.latencies.add(1ms);
    const std::string text = to_text(stats);
    EXPECT_EQ(text,
              "stats led=1 asleep=2 committed=3 failed=4 applied=5 cpu_ns=6 syncs=7 log_bytes=8 "
              "frames=9 passes=18446744073709551615 latencies=119:1");
    const NodeStats back = parse_stats(text).value();
    EXPECT_EQ(to_text(back), text);
    EXPECT_EQ(back.latencies.count(), 1U);
    EXPECT_EQ(to_text(parse_stats(to_text({})).value()), to_text({}));
}

TEST(NodeStats, MalformedLinesAreRefusedAndSayWhy) {
    const struct {
        std::string line;
        std::string_view why;
    } cases[] = {
        {"", "expected a line of stats, not: "},
        {"ready", "expected a line of stats, not: ready"},
        {"stats led", "expected name=value, not: led"},
        {"stats led=", "'' is not a whole number"},
        {"stats led=x", "'x' is not a whole number"},
        {"stats led=1x", "'1x' is not a whole number"},
        {"stats led=-1", "'-1' is not a whole number"},
        {"stats syncs=99999999999999999999", "'99999999999999999999' is too large"},
        {"stats latencies=1", "latencies are written bucket:count,..."},
    };
    for (const auto& [line, why] : cases) {
        const auto stats = parse_stats(line);
        ASSERT_FALSE(stats.has_value()) << line;
        EXPECT_EQ(stats.error().code, base::Errc::kInvalid);
        EXPECT_TRUE(stats.error().detail.starts_with(why)) << stats.error().detail;
    }
}

TEST(BenchNode, ANodeWithoutAPortIsBadUsage) {
    const Ran ran = run_line("bench raft-node --node 3 --ports 1,2 --data x");
    EXPECT_EQ(ran.code, Exit::kBadUsage);
    EXPECT_EQ(ran.err, "distkv: --node 3 has no port among --ports\n");
}

}  // namespace
}  // namespace distkv::distkv
