#include "crdt/set.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crdt/flag.h"
#include "crdt/replica_test.h"
#include "crdt/string.h"

namespace distkv::crdt {
namespace {

using Members = std::vector<base::Bytes>;

auto adding(SetKind kind, const Members& members) {
    return [=](const KeyState& state, const Writer& writer) {
        return set_add(state, kind, members, writer);
    };
}
auto removing(SetKind kind, const Members& members) {
    return [=](const KeyState& state, const Writer& writer) {
        return set_remove(state, kind, members, writer);
    };
}

Members shown(const Replica& replica, SetKind kind) {
    return *set_members(replica.state, kind, replica.now());
}

void exchange(Replica& a, Replica& b) {
    a.pull(b);
    b.pull(a);
    EXPECT_EQ(a.digest_bytes(), b.digest_bytes());
    EXPECT_EQ(a.state.summary.live, b.state.summary.live);
}

class Sets : public testing::TestWithParam<SetKind> {};

TEST_P(Sets, AreSetsInOneRegion) {
    Replica a(1);
    EXPECT_EQ(a.run(adding(GetParam(), {"x", "y", "x"}))->reply, 2U);
    EXPECT_EQ(a.run(adding(GetParam(), {"y", "z"}))->reply, 1U);
    EXPECT_EQ(a.run(removing(GetParam(), {"x", "q"}))->reply, 1U);
    EXPECT_EQ(shown(a, GetParam()), (Members{"y", "z"}));
    EXPECT_EQ(*set_size(a.state, GetParam(), a.now()), 2U);
    EXPECT_EQ(a.run(removing(GetParam(), {"y", "z"}))->reply, 2U);
    EXPECT_EQ(type_at(a.state, a.now()), Type::kNone) << "the last member went";
}

TEST_P(Sets, ARemovalAffectsWhatWasSeen) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(adding(GetParam(), {"x", "y"})));
    exchange(a, b);
    ASSERT_TRUE(a.run(removing(GetParam(), {"x"})));
    ASSERT_TRUE(b.run(adding(GetParam(), {"x"})));
    exchange(a, b);
    const bool stays = GetParam() == SetKind::kAddWins;
    EXPECT_EQ(shown(a, GetParam()), stays ? (Members{"x", "y"}) : Members{"y"});
    ASSERT_TRUE(b.run(adding(GetParam(), {"x"})));  // Has seen the removal.
    exchange(a, b);
    EXPECT_EQ(shown(a, GetParam()), (Members{"x", "y"}));
}

TEST_P(Sets, DeletingTheKeyKeepsWhatItDidNotSee) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(adding(GetParam(), {"x", "y"})));
    exchange(a, b);
    const auto deleted = a.run(key_remove);
    EXPECT_EQ(deleted->effects.size(), 1U) << "one header cell, whatever the size";
    ASSERT_TRUE(b.run(adding(GetParam(), {"z"})));
    exchange(a, b);
    EXPECT_EQ(shown(a, GetParam()), Members{"z"});
}

TEST_P(Sets, TooMuchIsRefused) {
    Replica a(1);
    EXPECT_EQ(a.run(adding(GetParam(), Members(base::limits::kCommandElementsMax + 1, "x")))
                  .error()
                  .detail,
              "16385 elements in one command, at most 16384");
    EXPECT_EQ(a.run(adding(GetParam(), {base::Bytes(base::limits::kElementBytesMax + 1, 'x')}))
                  .error()
                  .detail,
              "an element of 65537 bytes, at most 65536");
}

INSTANTIATE_TEST_SUITE_P(Both, Sets, testing::Values(SetKind::kAddWins, SetKind::kRemoveWins));

TEST(Set, AMemberThatShowsIsWrittenAgainOnlyWhereThatHelps) {
    Replica a(1);
    for (const SetKind kind : {SetKind::kAddWins, SetKind::kRemoveWins}) {
        ASSERT_TRUE(a.run(key_remove));
        ASSERT_TRUE(a.run(adding(kind, {"x"})));
        const auto again = a.run(adding(kind, {"x"}));
        EXPECT_EQ(again->reply, 0U);
        EXPECT_EQ(again->effects.size(), kind == SetKind::kAddWins ? 1U : 0U);
    }
}

TEST(Set, WhatARemovalHidIsReported) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(adding(SetKind::kRemoveWins, {"x"})));
    exchange(a, b);
    const auto removal = a.run(removing(SetKind::kRemoveWins, {"x"}));
    // Its cell of x is the other region's, so it may be written at all only after a removal of its
    // own.
    ASSERT_TRUE(b.run(removing(SetKind::kRemoveWins, {"x"})));
    const auto added = b.run(adding(SetKind::kRemoveWins, {"x"}));
    const Merged at_b = merge(b.state, removal->effects[0]);
    Merged at_a = merge(a.state, added->effects[0]);
    for (const Merged& merged : {at_a, at_b}) {
        ASSERT_EQ(merged.dropped.size(), 1U);
        EXPECT_EQ(merged.dropped[0].rule, Rule::kRemoveWins);
        EXPECT_EQ(merged.dropped[0].loser.dot, added->effects[0].cell.dot);
        EXPECT_EQ(merged.dropped[0].winner, removal->effects[0].cell.dot);
    }
}

TEST(Set, ADeletedKeyDoesNotBringAStrictRemovalsVictimBack) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(adding(SetKind::kRemoveWins, {"x", "y"})));
    exchange(a, b);
    ASSERT_TRUE(b.run(removing(SetKind::kRemoveWins, {"x"})));
    Replica c(3);
    c.pull(a);
    ASSERT_TRUE(c.run(removing(SetKind::kRemoveWins, {"x"})));
    ASSERT_TRUE(c.run(adding(SetKind::kRemoveWins, {"x"})));
    a.pull(b);
    ASSERT_TRUE(a.run(key_remove));
    exchange(a, b);
    a.pull(c);
    b.pull(c);
    EXPECT_EQ(shown(a, SetKind::kRemoveWins), Members{});
    EXPECT_EQ(a.digest_bytes(), b.digest_bytes());
}

TEST(Flag, EnableWins) {
    Replica a(1);
    Replica b(2);
    EXPECT_FALSE(a.run(flag_disable)->reply);
    EXPECT_TRUE(a.run(flag_enable)->reply);
    EXPECT_FALSE(a.run(flag_enable)->reply);
    exchange(a, b);
    EXPECT_TRUE(a.run(flag_disable)->reply);
    ASSERT_TRUE(b.run(flag_enable));
    exchange(a, b);
    EXPECT_TRUE(*flag_is_enabled(a.state, a.now()));
    EXPECT_TRUE(a.run(flag_disable)->reply);
    exchange(a, b);
    EXPECT_FALSE(*flag_is_enabled(b.state, b.now()));
    EXPECT_EQ(type_at(b.state, b.now()), Type::kNone);
}

}  // namespace
}  // namespace distkv::crdt
