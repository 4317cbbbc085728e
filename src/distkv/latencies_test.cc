#include "distkv/latencies.h"

#include <gtest/gtest.h>

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

Latencies of(const std::vector<time::Duration>& spans) {
    Latencies latencies;
    for (const time::Duration span : spans) {
        latencies.add(span);
    }
    return latencies;
}

TEST(Latencies, OfNothingAreNothing) {
    EXPECT_EQ(Latencies().count(), 0U);
    EXPECT_EQ(Latencies().at_share(0.99), 0ns);
    EXPECT_EQ(Latencies().text(), "");
}

TEST(Latencies, AreExactToAnEighth) {
    for (const time::Duration span :
         {time::Duration(10ns), time::Duration(3us), time::Duration(1ms), time::Duration(7s)}) {
        const time::Duration said = of({span}).at_share(0.5);
        EXPECT_GE(said, span);
        EXPECT_LE(said, span + span / 8 + 1ns);
    }
}

TEST(Latencies, ASharesBucketHoldsThatManyOrMore) {
    Latencies latencies;
    for (int i = 0; i < 990; ++i) {
        latencies.add(1ms);
    }
    for (int i = 0; i < 10; ++i) {
        latencies.add(100ms);
    }
    EXPECT_EQ(latencies.count(), 1000U);
    EXPECT_LT(latencies.at_share(0.5), 2ms);
    EXPECT_LT(latencies.at_share(0.99), 2ms);
    EXPECT_GE(latencies.at_share(0.991), 100ms);
    EXPECT_GE(latencies.at_share(1), 100ms);
}

TEST(Latencies, TheStrangestOnesHaveABucket) {
    const Latencies latencies = of({-5ns, 0ns, 1ns, 24h * 10'000});
    EXPECT_EQ(latencies.text(), "0:3,300:1");
    EXPECT_EQ(latencies.at_share(0.5), 1ns);
}

TEST(Latencies, AreAddedAndSubtracted) {
    Latencies all = of({1us, 1ms});
    all.add(of({1ms, 1s}));
    EXPECT_EQ(all.count(), 4U);
    all.subtract(of({1us, 1s}));
    EXPECT_EQ(all.count(), 2U);
    EXPECT_LT(all.at_share(1), 2ms);
    EXPECT_GE(all.at_share(0.1), 1ms);
    // More than there are: a process has begun anew meanwhile.
    all.subtract(of({1ms, 1ms, 1ms}));
    EXPECT_EQ(all.count(), 0U);
    EXPECT_EQ(all.at_share(0.5), 0ns);
}

TEST(Latencies, TextComesBack) {
    const Latencies latencies = of({1ns, 1us, 1us, 3s});
    const Latencies back = Latencies::parse(latencies.text()).value();
    EXPECT_EQ(back.text(), latencies.text());
    EXPECT_EQ(back.count(), 4U);
    EXPECT_EQ(Latencies::parse("").value().count(), 0U);
    EXPECT_EQ(Latencies::parse("12:3,14:1").value().text(), "12:3,14:1");
}

TEST(Latencies, MalformedTextIsRefused) {
    for (const char* text :
         {"12", "12:", ":3", "12;3", "12:3,", ",12:3", "12:3 14:1", "x:1", "12:x", "-1:3", "301:1",
          "12:-3", "12:3x", "12:99999999999999999999"}) {
        const auto latencies = Latencies::parse(text);
        ASSERT_FALSE(latencies.has_value()) << text;
        EXPECT_EQ(latencies.error().code, base::Errc::kInvalid);
    }
}

}  // namespace
}  // namespace distkv::distkv
