#include "distkv/arguments.h"

#include <gtest/gtest.h>

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

TEST(Arguments, WholeNumbersStayInTheirRange) {
    EXPECT_EQ(*parse_whole("2", {2, 100}), 2U);
    EXPECT_EQ(*parse_whole("100", {2, 100}), 100U);
    EXPECT_EQ(*parse_whole("18446744073709551615", {}), UINT64_MAX);
    for (const char* text : {"1", "101", "", " 3", "3 ", "-3", "+3", "3.0", "0x3", "abc", "1e1",
                             "18446744073709551616"}) {
        const auto number = parse_whole(text, {2, 100});
        ASSERT_FALSE(number) << text;
        EXPECT_NE(number.error().detail.find("2 to 100 would be right"), std::string::npos) << text;
    }
    EXPECT_FALSE(parse_whole("18446744073709551616", {}));
}

TEST(Arguments, DecimalsRefuseWhatIsNoNumber) {
    EXPECT_EQ(*parse_decimal("2.5", {1, 100}), 2.5);
    for (const char* text : {"", "nan", "inf", "0.99", "101", "2.5x", "-1"}) {
        EXPECT_FALSE(parse_decimal(text, {1, 100})) << text;
    }
}

TEST(Arguments, SpansAddUp) {
    const SpanRange day{0s, 24h};
    EXPECT_EQ(*parse_span("10m", day), 10min);
    EXPECT_EQ(*parse_span("60s", day), 60s);
    EXPECT_EQ(*parse_span("1h30m", day), 90min);
    EXPECT_EQ(*parse_span("1m0.5s", day), 60500ms);
    EXPECT_EQ(*parse_span("250ms", day), 250ms);
    for (const char* text : {"", "10", "m", "10 m", "-5s", "5s-", "1h-30m", "1.2.3s", "25h", "s10",
                             "99999999999999999999h", "9e9s"}) {
        const auto span = parse_span(text, day);
        ASSERT_FALSE(span) << text;
        EXPECT_NE(span.error().detail.find("0s to 24h would be right"), std::string::npos) << text;
    }
}

TEST(Arguments, ExactTextIsReadBackAsTheSameSpan) {
    for (const time::Duration span :
         {time::Duration(0s), time::Duration(60s), time::Duration(61s), time::Duration(90min),
          time::Duration(1500ms), time::Duration(24h), time::Duration(1), time::Duration(1001us)}) {
        EXPECT_EQ(*parse_span(exact_text(span), {0s, 24h}), span) << exact_text(span);
    }
}

TEST(Arguments, SuggestsOnlyWhatIsNear) {
    const std::vector<std::string> verbs{"sim", "physics", "clock"};
    EXPECT_EQ(suggestion("phyiscs", verbs), "did you mean 'physics'?");
    EXPECT_EQ(suggestion("smi", verbs), "did you mean 'sim'?");
    EXPECT_EQ(suggestion("phys", verbs), "did you mean 'physics'?");
    EXPECT_EQ(suggestion("clok", verbs), "did you mean 'clock'?");
    EXPECT_EQ(suggestion("zebra", verbs), "");
    EXPECT_EQ(suggestion(std::string(100'000, 'x'), verbs), "");
}

TEST(Arguments, QuotesKeepControlBytesAndLengthOut) {
    EXPECT_EQ(in_quotes("a\x1b[31mb"), "'a?[31mb'");
    EXPECT_EQ(in_quotes("\xff\xfe"),
              "'?"
              "?'");
    EXPECT_EQ(in_quotes(std::string(1000, 'x')).size(), 65U);
}

}  // namespace
}  // namespace distkv::distkv
