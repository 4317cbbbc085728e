#include "raft/membership.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::raft {
namespace {

using namespace std::string_view_literals;
using base::Errc;
using Ids = std::vector<std::uint64_t>;

std::vector<Member> members(const Ids& ids) {
    std::vector<Member> all;
    for (const std::uint64_t id : ids) {
        all.push_back({.id = ReplicaId{id}});
    }
    return all;
}

// ---- Quorums ------------------------------------------------------------------------------------

TEST(Membership, AQuorumIsAMajorityOfEachHalf) {
    const struct {
        Ids voters;
        Ids outgoing;
        Ids have;
        bool quorum;
    } cases[] = {
        {{1}, {}, {}, false},
        {{1}, {}, {1}, true},
        {{1, 2}, {}, {1}, false},
        {{1, 2}, {}, {1, 2}, true},
        {{1, 2, 3}, {}, {3}, false},
        {{1, 2, 3}, {}, {1, 3}, true},
        {{1, 2, 3}, {}, {1, 8, 9}, false},
        {{1, 2, 3, 4}, {}, {1, 2}, false},
        {{1, 2, 3, 4}, {}, {1, 2, 4}, true},
        {{1, 2, 3}, {1, 4, 5}, {1, 2}, false},
        {{1, 2, 3}, {1, 4, 5}, {1, 4}, false},
        {{1, 2, 3}, {1, 4, 5}, {1, 2, 4}, true},
        {{1, 2, 3}, {4}, {1, 2, 3}, false},
        {{1, 2, 3}, {4}, {4}, false},
        {{}, {}, {1, 2, 3}, false},
    };
    for (const auto& [voters, outgoing, have, quorum] : cases) {
        const Membership membership{.voters = members(voters), .outgoing = members(outgoing)};
        EXPECT_EQ(membership.is_quorum([&have](ReplicaId id) {
            return std::ranges::find(have, id.value) != have.end();
        }),
                  quorum)
            << to_string(membership) << ": " << ::testing::PrintToString(have);
    }
}

TEST(Membership, WhatAMajorityHasReached) {
    const struct {
        Ids voters;
        Ids outgoing;
        Ids reached;  // Of replicas 1, 2, ...
        std::uint64_t expected;
    } cases[] = {
        {{1}, {}, {7}, 7},
        {{1, 2}, {}, {7, 5}, 5},
        {{1, 2, 3}, {}, {7, 5, 9}, 7},
        {{1, 2, 3}, {}, {7, 0, 0}, 0},
        {{1, 2, 3, 4}, {}, {4, 3, 2, 1}, 2},
        {{1, 2, 3, 4, 5}, {}, {9, 9, 3, 1, 1}, 3},
        {{1, 2, 3}, {4, 5}, {9, 9, 9, 4, 6}, 4},
        {{1, 2, 3}, {1, 2}, {2, 8, 9}, 2},
        {{1}, {}, {UINT64_MAX}, UINT64_MAX},
    };
    for (const auto& [voters, outgoing, reached, expected] : cases) {
        const Membership membership{.voters = members(voters), .outgoing = members(outgoing)};
        const auto of = [&reached](ReplicaId id) { return reached[id.value - 1]; };
        EXPECT_EQ(membership.reached(of), expected) << to_string(membership);
        EXPECT_EQ(membership.committed(of), expected) << to_string(membership);
    }
}

TEST(Membership, ACommitReachesSoManyRegions) {
    const struct {
        std::uint64_t regions_min;
        Ids regions;  // Of voters 1, 2, ...
        Ids outgoing;
        Ids reached;
        std::uint64_t expected;
    } cases[] = {
        {0, {1, 1, 1, 2, 3}, {}, {9, 9, 9, 4, 2}, 9},
        {1, {1, 1, 1, 2, 3}, {}, {9, 9, 9, 4, 2}, 9},
        {2, {1, 1, 1, 2, 3}, {}, {9, 9, 9, 4, 2}, 4},
        {3, {1, 1, 1, 2, 3}, {}, {9, 9, 9, 4, 2}, 2},
        {4, {1, 1, 1, 2, 3}, {}, {9, 9, 9, 4, 2}, 2},  // There are but three.
        {UINT64_MAX, {1, 1, 1}, {}, {9, 9, 7}, 9},     // There is but one.
        {2, {1, 1, 2}, {}, {9, 3, 8}, 8},              // The majority spans two already.
        {2, {1, 2, 2}, {}, {9, 1, 1}, 1},              // Regions alone commit nothing.
        {2, {1, 2, 3}, {}, {9, 9, 9}, 9},
        {2, {1, 1, 1, 2}, {4}, {9, 9, 9, 5}, 5},  // Joint.
        {2, {1, 1, 1, 2}, {1, 2, 3}, {9, 8, 7, 5}, 5},
    };
    for (const auto& [regions_min, regions, outgoing, reached, expected] : cases) {
        Membership membership{.outgoing = members(outgoing), .regions_min = regions_min};
        for (const std::uint64_t region : regions) {
            membership.voters.push_back(
                {.id = ReplicaId{membership.voters.size() + 1}, .region = RegionLabel{region}});
        }
        const auto of = [&reached](ReplicaId id) { return reached[id.value - 1]; };
        EXPECT_EQ(membership.committed(of), expected)
            << regions_min << " of " << ::testing::PrintToString(regions);
    }
}

// A number is reached if those who have come so far are a quorum, and the next number is not.
TEST(Membership, ReachedAgreesWithQuorum) {
    base::Rng rng(1);
    for (int round = 0; round < 5000; ++round) {
        Membership membership;
        for (std::uint64_t id = 1; id <= 7; ++id) {
            if (rng.below(2) == 0) {
                membership.voters.push_back({.id = ReplicaId{id}});
            }
            if (rng.below(3) == 0) {
                membership.outgoing.push_back({.id = ReplicaId{id}});
            }
        }
        if (membership.voters.empty()) {
            continue;
        }
        std::array<std::uint64_t, 8> numbers{};
        std::ranges::generate(numbers, [&rng] { return rng.below(6); });
        const auto of = [&numbers](ReplicaId id) { return numbers[id.value]; };
        const std::uint64_t reached = membership.reached(of);
        ASSERT_TRUE(membership.is_quorum([&](ReplicaId id) { return of(id) >= reached; }));
        ASSERT_FALSE(membership.is_quorum([&](ReplicaId id) { return of(id) > reached; }));
    }
}

// ---- Who is what --------------------------------------------------------------------------------

Membership mixed() {
    return {.voters = {{.id = {2}, .region = {5}}, {.id = {7}, .witness = true}},
            .outgoing = {{.id = {2}, .region = {6}}, {.id = {3}}, {.id = {4}, .priority = 9}},
            .learners = {{.id = {1}}, {.id = {4}, .priority = 2}}};
}

TEST(Membership, WhoIsWhat) {
    const Membership membership = mixed();
    const struct {
        std::uint64_t id;
        bool member;
        bool voter;
        bool learner;
    } cases[] = {
        {1, true, false, true}, {2, true, true, false},   {3, true, true, false},
        {4, true, true, false},  // Outgoing voters vote, whatever they will be.
        {7, true, true, false}, {5, false, false, false}, {0, false, false, false},
    };
    for (const auto& [id, member, voter, learner] : cases) {
        EXPECT_EQ(membership.find(ReplicaId{id}) != nullptr, member) << id;
        EXPECT_EQ(membership.is_voter(ReplicaId{id}), voter) << id;
        EXPECT_EQ(membership.is_learner(ReplicaId{id}), learner) << id;
    }
    EXPECT_EQ(membership.find({2})->region, RegionLabel{5});  // What it is now comes first,
    EXPECT_EQ(membership.find({4})->priority, 2U);            // then what it will be.
    EXPECT_TRUE(membership.is_joint());
    EXPECT_EQ(membership.everyone(), (std::vector<ReplicaId>{{1}, {2}, {3}, {4}, {7}}));
    EXPECT_FALSE(Membership{}.is_joint());
    EXPECT_TRUE(Membership{}.everyone().empty());
}

TEST(Membership, ReadsWell) {
    EXPECT_EQ(to_string(mixed()), "voters 2 7w, outgoing 2 3 4, learners 1 4");
    EXPECT_EQ(to_string(Membership{.voters = members({1, 2, 3})}), "voters 1 2 3");
    EXPECT_EQ(to_string(Membership{.voters = members({1}), .learners = members({2})}),
              "voters 1, learners 2");
    EXPECT_EQ(to_string(Membership{}), "");
}

// ---- Bytes --------------------------------------------------------------------------------------

// What is on disk must stay readable: never change these expectations.
TEST(Membership, GoldenBytes) {
    Membership membership = mixed();
    membership.voters[1].id = {300};
    membership.regions_min = 2;
    membership.auto_leave = false;
    const base::ByteView bytes =
        "\x01"
        "\x02\x02\x00\x05\x01\xac\x02\x01\x00\x01"
        "\x03\x02\x00\x06\x01\x03\x00\x00\x01\x04\x00\x00\x09"
        "\x02\x01\x00\x00\x01\x04\x00\x00\x02"
        "\x02"
        "\x00"sv;
    EXPECT_EQ(membership.encode(), bytes);
    EXPECT_EQ(Membership::decode(bytes).value(), membership);
    const base::ByteView smallest = "\x01\x01\x01\x00\x00\x01\x00\x00\x00\x01"sv;
    EXPECT_EQ(Membership{.voters = members({1})}.encode(), smallest);
    EXPECT_EQ(Membership::decode(smallest).value(), Membership{.voters = members({1})});
}

TEST(Membership, EveryShortenedAndEveryLengthenedOneIsRefused) {
    const base::Bytes whole = mixed().encode();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto decoded = Membership::decode(base::ByteView(whole).substr(0, size));
        ASSERT_FALSE(decoded.has_value()) << size;
        EXPECT_EQ(decoded.error().code, Errc::kCorrupt);
    }
    EXPECT_FALSE(Membership::decode(whole + '\0').has_value());
}

TEST(Membership, MalformedOnesAreCorruptAndSayWhy) {
    constexpr std::string_view kAscend =
        "members must ascend from replica 1, and have no flags but 1 (witness)";
    const struct {
        base::ByteView bytes;
        std::string_view why;
    } cases[] = {
        {"\x02\x01\x01\x00\x00\x01\x00\x00\x00\x01"sv, "version 2"},
        {"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x01"sv, "version 0"},
        {"\x01\x00\x00\x00\x00\x01"sv, "at least one voter"},
        {"\x01\x01\x01\x00\x00\x01\x00\x00\x00\x02"sv, "0 or 1 to auto_leave"},
        {"\x01\x01\x00\x00\x00\x01\x00\x00\x00\x01"sv, kAscend},  // Nobody.
        {"\x01\x01\x01\x02\x00\x01\x00\x00\x00\x01"sv, kAscend},  // An unknown flag.
        {"\x01\x02\x02\x00\x00\x01\x01\x00\x00\x01\x00\x00\x00\x01"sv, kAscend},
        {"\x01\x02\x02\x00\x00\x01\x02\x00\x00\x01\x00\x00\x00\x01"sv, kAscend},
        {"\x01\x21"sv, "a membership of 33 members, the most is 32"},
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,
         "a membership of 18446744073709551615 members"},
        {"\x01\x01\x81\x00\x00\x00\x01\x00\x00\x00\x01"sv, ""},  // Not the shortest number.
    };
    for (const auto& [bytes, why] : cases) {
        const auto decoded = Membership::decode(bytes);
        ASSERT_FALSE(decoded.has_value()) << why;
        EXPECT_EQ(decoded.error().code, Errc::kCorrupt);
        EXPECT_NE(decoded.error().detail.find(why), std::string::npos) << decoded.error().detail;
    }
}

TEST(Membership, RandomOnesComeBack) {
    base::Rng rng(2);
    for (int round = 0; round < 2000; ++round) {
        Membership membership{.regions_min = rng.below(4), .auto_leave = rng.below(2) == 0};
        for (std::uint64_t id = 1; id <= 40; ++id) {
            const Member member{.id = ReplicaId{id * (1 + rng.below(3)) + 100 * id},
                                .witness = rng.below(4) == 0,
                                .region = RegionLabel{rng.next() >> rng.below(64)},
                                .priority = rng.next() >> rng.below(64)};
            for (auto* list : {&membership.voters, &membership.outgoing, &membership.learners}) {
                if (rng.below(3) == 0 && list->size() < kMembersMax &&
                    (list != &membership.learners || !membership.is_voter(member.id))) {
                    list->push_back(member);
                }
            }
        }
        if (!membership.voters.empty()) {
            ASSERT_EQ(Membership::decode(membership.encode()).value(), membership);
        }
    }
}

}  // namespace
}  // namespace distkv::raft
