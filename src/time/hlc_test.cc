#include "time/hlc.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr std::int64_t kMicro = 1000;

WallTime wall_at(std::int64_t nanos) {
    return WallTime(Duration(nanos));
}

TEST(Hlc, WordLayout) {
    const Hlc hlc = Hlc::at(wall_at(3 * kMicro));
    EXPECT_EQ(hlc.word, 3U << 12U);
    EXPECT_EQ(hlc.micros(), 3U);
    EXPECT_EQ(hlc.counter(), 0U);
    const Hlc next{hlc.word + 5};
    EXPECT_EQ(next.counter(), 5U);
    EXPECT_EQ(next.physical(), wall_at(3 * kMicro));
    // The counter carries.
    EXPECT_EQ(Hlc{hlc.word + 4096}.micros(), 4U);
}

TEST(Hlc, WallsOutOfRangeSaturate) {
    EXPECT_EQ(Hlc::at(wall_at(0)), Hlc{});
    EXPECT_EQ(Hlc::at(wall_at(-1)), Hlc{});
    EXPECT_EQ(Hlc::at(WallTime::min()), Hlc{});
    EXPECT_EQ(Hlc::at(wall_at(999)), Hlc{});
    EXPECT_EQ(Hlc::at(wall_at(1000)).micros(), 1U);
    const auto last = static_cast<std::int64_t>(Hlc::kMicrosMax) * kMicro;
    EXPECT_EQ(Hlc::at(wall_at(last)).micros(), Hlc::kMicrosMax);
    EXPECT_EQ(Hlc::at(wall_at(last + kMicro)).micros(), Hlc::kMicrosMax);
    EXPECT_EQ(Hlc::at(WallTime::max()).micros(), Hlc::kMicrosMax);
}

TEST(Hlc, AheadBySaturates) {
    EXPECT_EQ(Hlc{}.ahead_by(2s).micros(), 2'000'000U);
    EXPECT_EQ(Hlc{7}.ahead_by(1us).word, 4096U + 7U);
    EXPECT_EQ(kHlcMax.ahead_by(1us), kHlcMax);
    EXPECT_EQ(Hlc{5}.ahead_by(-1s), Hlc{5});
}

TEST(Hlc, NodeBreaksTies) {
    const Stamp a{Hlc{10}, base::NodeId{1}};
    const Stamp b{Hlc{10}, base::NodeId{2}};
    const Stamp c{Hlc{11}, base::NodeId{1}};
    EXPECT_LT(a, b);
    EXPECT_LT(b, c);
}

// What is on disk must stay readable: never change this expectation.
TEST(Hlc, GoldenBytes) {
    base::Encoder out;
    Hlc{0x0123456789abcdefU}.encode(out);
    EXPECT_EQ(out.view(), std::string("\xef\xcd\xab\x89\x67\x45\x23\x01", 8));
    base::Decoder in(out.view());
    EXPECT_EQ(Hlc::decode(in).value(), Hlc{0x0123456789abcdefU});
    base::Decoder early(std::string_view("1234567"));
    EXPECT_EQ(Hlc::decode(early).error().code, base::Errc::kCorrupt);
}

TEST(Hlc, GoldenText) {
    // 2026-11-20T10:15:00Z is 1795169700 seconds after 1970.
    const Hlc hlc{(std::uint64_t{1795169700} * 1'000'000 + 123456) << 12U | 42U};
    EXPECT_EQ(to_string(hlc), "2026-11-20T10:15:00.123456Z+42");
    EXPECT_EQ(to_string(Stamp{hlc, base::NodeId{7}}), "2026-11-20T10:15:00.123456Z+42@node7");
    EXPECT_EQ(to_string(Hlc{}), "1970-01-01T00:00:00.000000Z+0");
    EXPECT_EQ(to_string(kHlcMax), "2112-09-17T23:53:47.370495Z+4095");
    EXPECT_EQ(to_string(wall_at(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Hlc, TextComesBack) {
    base::Rng rng(1);
    for (int i = 0; i < 20'000; ++i) {
        const Stamp stamp{Hlc{rng.next() >> rng.below(64)},
                          base::NodeId{rng.next() >> rng.below(64)}};
        const std::string text = to_string(stamp);
        const base::Result<Stamp> back = parse_stamp(text);
        ASSERT_TRUE(back.has_value()) << text << " " << to_string(back.error());
        ASSERT_EQ(*back, stamp) << text;
    }
    EXPECT_EQ(parse_hlc(to_string(kHlcMax)).value(), kHlcMax);
}

TEST(Hlc, BadTextIsRefused) {
    for (const std::string_view text : {"",
                                        "+",
                                        "2026-11-20",
                                        "2026-11-20T10:15:00.123456Z",
                                        "2026-11-20T10:15:00.123456Z+",
                                        "2026-11-20T10:15:00.123456Z+042",
                                        "2026-11-20T10:15:00.123456Z+4096",
                                        "2026-11-20T10:15:00.123456Z+-1",
                                        "2026-11-20T10:15:00.123456Z+1 ",
                                        "2026-11-20T10:15:00.12345Z+1",
                                        "2026-13-20T10:15:00.123456Z+1",
                                        "2026-02-29T10:15:00.123456Z+1",
                                        "2026-11-20T24:15:00.123456Z+1",
                                        "2026-11-20T10:60:00.123456Z+1",
                                        "2026-11-20T10:15:60.123456Z+1",
                                        "1969-12-31T23:59:59.999999Z+0",
                                        "2112-09-17T23:53:47.370496Z+0",
                                        "9999-11-20T10:15:00.123456Z+1",
                                        "2026-11-20 10:15:00.123456Z+1",
                                        "2026-11-20T10:15:00.123456Z+99999999999999999999"}) {
        EXPECT_EQ(error_of(parse_hlc(text)).code, base::Errc::kInvalid) << text;
    }
    for (const std::string_view text :
         {"2026-11-20T10:15:00.123456Z+42", "2026-11-20T10:15:00.123456Z+42@node",
          "2026-11-20T10:15:00.123456Z+42@node-1", "2026-11-20T10:15:00.123456Z+42@node07",
          "2026-11-20T10:15:00.123456Z+42@7", "@node7"}) {
        EXPECT_EQ(error_of(parse_stamp(text)).code, base::Errc::kInvalid) << text;
    }
}

}  // namespace
}  // namespace distkv::time
