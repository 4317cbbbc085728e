#include "crdt/map.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crdt/replica_test.h"
#include "crdt/sorted_set.h"
#include "crdt/string.h"

namespace distkv::crdt {
namespace {

using Fields = std::vector<base::Bytes>;
using Entries = std::vector<MapEntry>;
using Scored = std::vector<ScoredMember>;

auto setting(const Entries& entries) {
    return [=](const KeyState& state, const Writer& writer) {
        return map_set(state, entries, writer);
    };
}
auto removing(const Fields& fields) {
    return [=](const KeyState& state, const Writer& writer) {
        return map_remove(state, fields, writer);
    };
}
auto adding(const base::Bytes& field, std::int64_t by) {
    return [=](const KeyState& state, const Writer& writer) {
        return map_increment(state, field, by, writer);
    };
}
auto scoring(const Scored& members) {
    return [=](const KeyState& state, const Writer& writer) {
        return sorted_set_add(state, members, writer);
    };
}
auto score_adding(const base::Bytes& member, double by) {
    return [=](const KeyState& state, const Writer& writer) {
        return sorted_set_increment(state, member, by, writer);
    };
}
auto score_removing(const Fields& members) {
    return [=](const KeyState& state, const Writer& writer) {
        return sorted_set_remove(state, members, writer);
    };
}

Entries shown(const Replica& replica) {
    return *map_entries(replica.state, replica.now());
}
Scored ranked(const Replica& replica, RankRange range = {}) {
    return *sorted_set_by_rank(replica.state, range, replica.now());
}

void exchange(Replica& a, Replica& b) {
    a.pull(b);
    b.pull(a);
    EXPECT_EQ(a.digest_bytes(), b.digest_bytes());
    EXPECT_EQ(a.state.summary.live, b.state.summary.live);
}

TEST(Map, IsAMapInOneRegion) {
    Replica a(1);
    EXPECT_EQ(a.run(setting({{"f", "1"}, {"g", "x"}, {"f", "2"}}))->reply, 2U);
    EXPECT_EQ(a.run(adding("f", 5))->reply, 7);
    EXPECT_EQ(a.run(adding("new", -5))->reply, -5);
    EXPECT_EQ(a.run(adding("g", 1)).error().detail, "value is not an integer or out of range");
    EXPECT_EQ(shown(a), (Entries{{"f", "7"}, {"g", "x"}, {"new", "-5"}}));
    EXPECT_EQ(*map_size(a.state, a.now()), 3U);
    EXPECT_EQ(a.run(removing({"f", "new", "none"}))->reply, 2U);
    EXPECT_EQ(shown(a), (Entries{{"g", "x"}}));
    EXPECT_EQ(*map_get(a.state, "f", a.now()), std::nullopt);
    EXPECT_EQ(a.run(removing({"g"}))->reply, 1U);
    EXPECT_EQ(type_at(a.state, a.now()), Type::kNone);
}

TEST(Map, TheLastWriterWinsAndALoserIsReported) {
    Replica a(1);
    Replica b(2);
    const auto first = a.run(setting({{"f", "a"}}));
    b.wait_ms(1);
    const auto second = b.run(setting({{"f", "b"}}));
    for (const Merged& merged :
         {merge(a.state, second->effects[0]), merge(b.state, first->effects[0])}) {
        ASSERT_EQ(merged.dropped.size(), 1U);
        EXPECT_EQ(merged.dropped[0].rule, Rule::kLastWriter);
        EXPECT_EQ(merged.dropped[0].loser.value, "a");
    }
    EXPECT_EQ(shown(a), (Entries{{"f", "b"}}));
}

TEST(Map, SettingBeatsAConcurrentRemoval) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(setting({{"f", "a"}})));
    exchange(a, b);
    ASSERT_TRUE(a.run(setting({{"f", "b"}})));
    b.wait_ms(1);
    ASSERT_TRUE(b.run(removing({"f"})));
    exchange(a, b);
    EXPECT_EQ(shown(b), (Entries{{"f", "b"}}));
}

TEST(Map, ASettingTakesAwayWhatItSawOfTheIncrements) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(adding("f", 3)));
    exchange(a, b);
    ASSERT_TRUE(a.run(setting({{"f", "100"}})));
    ASSERT_TRUE(b.run(adding("f", 7)));
    exchange(a, b);
    EXPECT_EQ(shown(a), (Entries{{"f", "107"}}));
    EXPECT_EQ(*map_size(a.state, a.now()), 1U) << "what was set and what was added are one field";
}

TEST(Map, DeletingTheKeyKeepsTheIncrementsThatItDidNotSee) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(b.run(setting({{"f", "10"}, {"g", "x"}})));
    ASSERT_TRUE(b.run(adding("f", 5)));
    exchange(a, b);
    ASSERT_TRUE(a.run(key_remove));
    ASSERT_TRUE(b.run(adding("f", 2)));
    exchange(a, b);
    EXPECT_EQ(shown(a), (Entries{{"f", "2"}}));
}

TEST(SortedSet, IsOneInOneRegion) {
    Replica a(1);
    EXPECT_EQ(a.run(scoring({{"x", 2}, {"y", 1}, {"z", 2}}))->reply, 3U);
    EXPECT_EQ(a.run(score_adding("y", 0.5))->reply, 1.5);
    EXPECT_EQ(ranked(a), (Scored{{"y", 1.5}, {"x", 2}, {"z", 2}}));
    EXPECT_EQ(ranked(a, {.first = -2, .last = -2}), (Scored{{"x", 2}}));
    EXPECT_EQ(ranked(a, {.first = 2, .last = 9}), (Scored{{"z", 2}}));
    EXPECT_EQ(ranked(a, {.first = 3, .last = 9}), Scored{});
    EXPECT_EQ(*sorted_set_by_score(a.state, {.low = 0, .high = 1.5}, a.now()),
              (Scored{{"y", 1.5}}));
    EXPECT_EQ(a.run(score_removing({"x", "q"}))->reply, 1U);
    EXPECT_EQ(*sorted_set_size(a.state, a.now()), 2U);
    EXPECT_EQ(*sorted_set_score(a.state, "x", a.now()), std::nullopt);
}

TEST(SortedSet, ARemovalLeavesWhatItDidNotSeeAdded) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(scoring({{"x", 4.1}})));
    exchange(a, b);
    ASSERT_TRUE(a.run(score_removing({"x"})));
    ASSERT_TRUE(b.run(score_adding("x", 2)));
    exchange(a, b);
    EXPECT_EQ(ranked(a), (Scored{{"x", 2.0}}));
}

TEST(SortedSet, OnlyNumbers) {
    Replica a(1);
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(a.run(scoring({{"x", std::nan("")}})).error().detail,
              "a score that is not a number (NaN)");
    EXPECT_EQ(a.run(score_adding("x", infinity)).error().code, base::Errc::kInvalid);
    ASSERT_TRUE(a.run(scoring({{"x", infinity}, {"y", -infinity}, {"z", -0.0}})));
    EXPECT_EQ(a.run(score_adding("x", -5))->reply, infinity);
    EXPECT_EQ(ranked(a), (Scored{{"y", -infinity}, {"z", 0}, {"x", infinity}}));
    EXPECT_EQ(a.run(score_adding("w", 1e308))->reply, 1e308);
    EXPECT_EQ(a.run(score_adding("w", 1e308)).error().detail,
              "increment or decrement would overflow");
}

}  // namespace
}  // namespace distkv::crdt
