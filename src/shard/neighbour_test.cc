#include "shard/neighbour.h"

#include <gtest/gtest.h>

namespace distkv::shard {
namespace {

using namespace std::chrono_literals;

std::uint64_t digest_of(const std::vector<Sleeper>& sleepers) {
    Dormitory dormitory;
    for (const Sleeper& sleeper : sleepers) {
        dormitory.enter(sleeper);
    }
    return dormitory.digest();
}

TEST(Dormitory, TheOrderDoesNotMatter) {
    EXPECT_EQ(digest_of({{{1}, 5}, {{2}, 5}, {{3}, 9}}), digest_of({{{3}, 9}, {{1}, 5}, {{2}, 5}}));
}

TEST(Dormitory, LeavingUndoesEntering) {
    Dormitory dormitory;
    EXPECT_TRUE(dormitory.empty());
    EXPECT_EQ(dormitory.digest(), 0U);
    dormitory.enter({{1}, 5});
    const std::uint64_t one = dormitory.digest();
    dormitory.enter({{2}, 7});
    EXPECT_NE(dormitory.digest(), one);
    dormitory.leave({{2}, 7});
    EXPECT_EQ(dormitory.digest(), one);
    EXPECT_EQ(dormitory.sleepers(), (std::set<Sleeper>{{{1}, 5}}));
    dormitory.leave({{1}, 5});
    EXPECT_EQ(dormitory.digest(), 0U);
    EXPECT_TRUE(dormitory.empty());
}

// Few groups and small terms, as they are: no two sets of up to three look the same, nor like none.
TEST(Dormitory, WhatDiffersHasAnotherDigest) {
    std::vector<Sleeper> all;
    for (std::uint64_t group = 1; group <= 12; ++group) {
        for (std::uint64_t term = 1; term <= 6; ++term) {
            all.push_back({{group}, term});
        }
    }
    std::set<std::uint64_t> seen = {digest_of({})};
    std::size_t sets = 1;
    for (std::size_t i = 0; i < all.size(); ++i) {
        seen.insert(digest_of({all[i]}));
        ++sets;
        for (std::size_t j = 0; j < i; ++j) {
            seen.insert(digest_of({all[i], all[j]}));
            ++sets;
            for (std::size_t k = 0; k < j; ++k) {
                seen.insert(digest_of({all[i], all[j], all[k]}));
                ++sets;
            }
        }
    }
    EXPECT_EQ(seen.size(), sets);
}

RoundTrips round_trips(int count, time::Duration each) {
    RoundTrips trips;
    for (int i = 0; i < count; ++i) {
        trips.add(each);
    }
    return trips;
}

TEST(RoundTrips, AFewSayNothing) {
    EXPECT_TRUE(RoundTrips().empty());
    EXPECT_FALSE(round_trips(7, 1ms).measured());
    EXPECT_FALSE(round_trips(7, 1ms).empty());
    ASSERT_TRUE(round_trips(8, 1ms).measured());
    RoundTrips trips = round_trips(8, 1ms);
    trips.forget();
    EXPECT_TRUE(trips.empty());
    EXPECT_FALSE(trips.measured());
}

TEST(RoundTrips, OneSlowOneIsTheTailAndNotTheMiddle) {
    RoundTrips trips = round_trips(15, 2ms);
    trips.add(50ms);
    EXPECT_EQ(trips.measured()->p50, 2ms);
    EXPECT_EQ(trips.measured()->p99, 50ms);
}

TEST(RoundTrips, WhatWasSlowIsForgottenSoon) {
    RoundTrips trips = round_trips(100, 1s);
    for (int i = 0; i < 15; ++i) {
        trips.add(2ms);
    }
    EXPECT_EQ(trips.measured()->p99, 1s);
    trips.add(2ms);
    EXPECT_EQ(trips.measured()->p99, 2ms);
}

// One way along the cables, and the straight line that is 2.5 times shorter.
time::Span distance(time::Duration route) {
    return {.floor_one_way = route * 2 / 5, .route_one_way = route, .measured = std::nullopt};
}

TEST(TimeoutsFor, NothingMeasuredIsTheDistance) {
    const time::Span far = distance(40ms);
    EXPECT_EQ(timeouts_for(far, RoundTrips()), time::suggest_timeouts(far));
    EXPECT_EQ(timeouts_for(far, round_trips(7, 9s)), time::suggest_timeouts(far));
}

TEST(TimeoutsFor, GoodRoundTripsMakeThemShort) {
    const time::Timeouts guessed = timeouts_for(distance(40ms), RoundTrips());
    const time::Timeouts measured = timeouts_for(distance(40ms), round_trips(8, 50ms));
    EXPECT_EQ(measured.rtt_p50, 50ms);
    EXPECT_LT(measured.election_min, guessed.election_min);
    EXPECT_LT(measured.failover, guessed.failover);
}

TEST(TimeoutsFor, NothingIsFasterThanLight) {
    const time::Timeouts measured = timeouts_for(distance(40ms), round_trips(16, 1ns));
    EXPECT_EQ(measured.rtt_p50, 32ms);
}

TEST(TimeoutsFor, ASickLinkIsNotWaitedForByTheMinute) {
    for (const time::Duration route :
         {time::Duration(0ms), time::Duration(1ms), time::Duration(40ms), time::Duration(150ms)}) {
        const time::Timeouts well = timeouts_for(distance(route), RoundTrips());
        const time::Timeouts sick = timeouts_for(distance(route), round_trips(16, 60s));
        const time::Duration most = std::max<time::Duration>(100ms, 4 * well.rtt_p99);
        EXPECT_EQ(sick.rtt_p99, most);
        EXPECT_GE(sick.election_min, well.election_min);
        EXPECT_LE(sick.election_max, 12 * most + 1s);
        // No worse than one that is slow, but plausible.
        EXPECT_EQ(sick, timeouts_for(distance(route), round_trips(16, most)));
    }
}

}  // namespace
}  // namespace distkv::shard
