// apply(Change, Membership): what follows, what is refused, and that neighbours agree.
#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "raft/membership.h"

namespace distkv::raft {
namespace {

using Ids = std::vector<std::uint64_t>;

std::vector<Member> members(const Ids& ids) {
    std::vector<Member> all;
    for (const std::uint64_t id : ids) {
        all.push_back({.id = ReplicaId{id}});
    }
    return all;
}

Membership of(const Ids& voters, const Ids& learners = {}, const Ids& outgoing = {}) {
    return {
        .voters = members(voters), .outgoing = members(outgoing), .learners = members(learners)};
}

std::vector<Member> up_to(std::uint64_t first, std::uint64_t last) {
    std::vector<Member> all;
    for (std::uint64_t id = first; id <= last; ++id) {
        all.push_back({.id = ReplicaId{id}});
    }
    return all;
}

TEST(MembershipChange, WhatFollows) {
    const struct {
        Membership now;
        Change change;
        std::string_view next;
    } cases[] = {
        // One voter more or less takes one step.
        {of({1, 3}), {.add_voters = members({2})}, "voters 1 2 3"},
        {of({1, 2, 3}), {.remove = {{2}}}, "voters 1 3"},
        {of({1, 2}), {.add_learners = members({9, 4})}, "voters 1 2, learners 4 9"},
        {of({1, 2}, {4}), {.remove = {{4}}}, "voters 1 2"},
        {of({1, 2, 3}, {4}), {.add_voters = members({4})}, "voters 1 2 3 4"},
        {of({1, 2, 3}), {.add_learners = members({3})}, "voters 1 2, learners 3"},
        {of({1, 2}, {3}), {.add_voters = members({4}), .remove = {{3}}}, "voters 1 2 4"},
        {of({1}), {.add_voters = {{.id = {2}, .witness = true}}}, "voters 1 2w"},
        {of({1, 2, 3}), {.add_voters = {{.id = {3}, .witness = true}}}, "voters 1 2 3w"},
        // More go through a joint membership.
        {of({1, 2, 3}), {.add_voters = members({5, 4})}, "voters 1 2 3 4 5, outgoing 1 2 3"},
        {of({1, 2, 3}),
         {.add_voters = members({4}), .remove = {{3}}},
         "voters 1 2 4, outgoing 1 2 3"},
        {of({1, 2, 3}),
         {.add_learners = members({2, 3})},
         "voters 1, outgoing 1 2 3, learners 2 3"},
        {of({1, 2, 3}, {4}),
         {.add_voters = members({4}), .add_learners = members({1})},
         "voters 2 3 4, outgoing 1 2 3, learners 1"},
        {of({1}), {.add_voters = members({2}), .joint = true}, "voters 1 2, outgoing 1"},
        {of({1, 2}),
         {.add_learners = members({3}), .joint = true},
         "voters 1 2, outgoing 1 2, learners 3"},
        // And leave it again.
        {of({1, 2}, {3}, {2, 3}), {.leave = true}, "voters 1 2, learners 3"},
    };
    for (const auto& [now, change, text] : cases) {
        const auto next = apply(change, now);
        ASSERT_TRUE(next.has_value()) << text << ": " << next.error().detail;
        EXPECT_EQ(to_string(*next), text);
        EXPECT_EQ(Membership::decode(next->encode()).value(), *next);
    }
}

TEST(MembershipChange, WhatIsRefused) {
    const struct {
        Membership now;
        Change change;
        std::string_view why;
    } cases[] = {
        {of({1}), {}, "the change alters nothing"},
        {of({1}), {.joint = true}, "the change alters nothing"},
        {of({1}), {.add_voters = members({1})}, "the change alters nothing"},
        {of({1}), {.regions_min = 0}, "the change alters nothing"},
        {of({1}), {.add_voters = members({0})}, "replicas are numbered from 1"},
        {of({1}), {.remove = {{0}}}, "replicas are numbered from 1"},
        {of({1}), {.add_voters = members({2, 2})}, "replica 2 is named twice in one change"},
        {of({1}),
         {.add_voters = members({2}), .add_learners = members({2})},
         "replica 2 is named twice in one change"},
        {of({1, 2}),
         {.add_learners = members({2}), .remove = {{2}}},
         "replica 2 is named twice in one change"},
        {of({1, 2}), {.remove = {{2}, {2}}}, "replica 2 is named twice in one change"},
        {of({1, 2}), {.remove = {{3}}}, "replica 3 is no member and cannot be removed"},
        {of({1}), {.remove = {{1}}}, "a voter that is not a witness: none would be left"},
        {of({1}), {.add_learners = members({1})}, "none would be left"},
        {of({1}), {.add_voters = {{.id = {1}, .witness = true}}}, "none would be left"},
        {of({1}, {2}), {.remove = {{1}}}, "none would be left"},
        {of({1}), {.add_learners = up_to(2, 33)}, "a group has at most 32 members"},
        {of({1, 2}, {}, {1}),
         {.add_voters = members({3})},
         "the membership is joint: leave that first, then change again"},
        {of({1}), {.leave = true}, "the membership is not joint: nothing to leave"},
        {of({1, 2}, {}, {1}),
         {.add_voters = members({3}), .leave = true},
         "to leave the joint membership is a change of its own"},
        {of({1, 2}, {}, {1}),
         {.add_learners = members({3}), .leave = true},
         "to leave the joint membership is a change of its own"},
        {of({1, 2}, {}, {1}),
         {.remove = {{2}}, .leave = true},
         "to leave the joint membership is a change of its own"},
        {of({1, 2}, {}, {1}),
         {.regions_min = 2, .leave = true},
         "to leave the joint membership is a change of its own"},
    };
    for (const auto& [now, change, why] : cases) {
        const auto next = apply(change, now);
        ASSERT_FALSE(next.has_value()) << why << ": " << to_string(*next);
        EXPECT_EQ(next.error().code, base::Errc::kInvalid);
        EXPECT_NE(next.error().detail.find(why), std::string::npos) << next.error().detail;
    }
}

TEST(MembershipChange, SettingsComeAlong) {
    const Membership now = of({1, 2, 3});
    const Membership wider = apply({.regions_min = 2}, now).value();
    EXPECT_EQ(wider.regions_min, 2U);
    EXPECT_EQ(wider.voters, now.voters);
    const Membership more =
        apply({.add_voters = members({4, 5}), .auto_leave = false}, wider).value();
    EXPECT_EQ(more.regions_min, 2U);
    EXPECT_FALSE(more.auto_leave);
    EXPECT_EQ(more.outgoing, now.voters);
    const Membership moved =
        apply({.add_voters = {{.id = {2}, .region = {7}, .priority = 3}}}, now).value();
    EXPECT_EQ(moved.find({2})->region, RegionLabel{7});
    EXPECT_EQ(moved.find({2})->priority, 3U);
    EXPECT_EQ(apply({.add_learners = up_to(4, 32)}, now).value().everyone().size(), kMembersMax);
}

// ---- Neighbours ---------------------------------------------------------------------------------

constexpr std::uint64_t kMost = 7;

std::vector<bool> quorums_of(const Membership& membership) {
    std::vector<bool> quorums(std::size_t{1} << kMost);
    for (std::size_t set = 0; set < quorums.size(); ++set) {
        quorums[set] = membership.is_quorum(
            [set](ReplicaId id) { return ((set >> (id.value - 1)) & 1) != 0; });
    }
    return quorums;
}

// Every quorum of the one meets every quorum of the other: the complement of none is a quorum of
// the other one.
bool meet(const Membership& a, const Membership& b) {
    const std::vector<bool> of_a = quorums_of(a);
    const std::vector<bool> of_b = quorums_of(b);
    for (std::size_t set = 0; set < of_a.size(); ++set) {
        if (of_a[set] && of_b[of_a.size() - 1 - set]) {
            return false;
        }
    }
    return true;
}

Change random_change(base::Rng& rng, const Membership& now) {
    if (now.is_joint() && rng.below(3) != 0) {
        return {.leave = true};
    }
    Change change{.joint = rng.below(4) == 0};
    for (std::uint64_t id = 1; id <= kMost; ++id) {
        switch (rng.below(8)) {
            case 0:
                change.add_voters.push_back({.id = ReplicaId{id}, .witness = rng.below(4) == 0});
                break;
            case 1:
                change.add_learners.push_back({.id = ReplicaId{id}});
                break;
            case 2:
                if (now.find({id}) != nullptr) {
                    change.remove.push_back({id});
                }
                break;
            default:
                break;
        }
    }
    return change;
}

TEST(MembershipChange, QuorumsOfNeighboursMeet) {
    EXPECT_TRUE(meet(of({1, 2, 3}), of({1, 2, 3, 4})));
    EXPECT_FALSE(meet(of({1, 2, 3}), of({1, 4, 5})));  // The judge can tell.
    base::Rng rng(3);
    std::size_t joint = 0;
    std::size_t changed = 0;
    for (int sequence = 0; sequence < 300; ++sequence) {
        Membership now = of({1, 2, 3});
        for (int step = 0; step < 20; ++step) {
            const auto next = apply(random_change(rng, now), now);
            if (!next) {
                ASSERT_EQ(next.error().code, base::Errc::kInvalid);
                continue;
            }
            ASSERT_TRUE(meet(now, *next)) << to_string(now) << " -> " << to_string(*next);
            ASSERT_TRUE(meet(*next, *next)) << to_string(*next);
            ASSERT_EQ(Membership::decode(next->encode()).value(), *next);
            for (const Member& learner : next->learners) {
                ASSERT_EQ(std::ranges::find(next->voters, learner.id, &Member::id),
                          next->voters.end());
            }
            joint += next->is_joint() ? 1 : 0;
            ++changed;
            now = *next;
        }
    }
    EXPECT_GT(joint, 500U);
    EXPECT_GT(changed, 2000U);
}

}  // namespace
}  // namespace distkv::raft
