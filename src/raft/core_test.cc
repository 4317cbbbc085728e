// The door of the core: what strangers, limits and the storage may do there.
#include "raft/core.h"

#include <gtest/gtest.h>

#include "raft/core_test.h"

namespace distkv::raft {
namespace {

using namespace std::chrono_literals;
using base::Errc;

Start fresh(std::uint64_t voters = 3) {
    return {.membership = voters_up_to(voters)};
}

// ---- Strangers, and members that are out of their mind ------------------------------------------

TEST(CoreDoor, WhatIsForOthersOrFromNobodyIsIgnored) {
    OneReplica one(fresh());
    Message m = message_to_one(MessageKind::kAppend, kTwo, 5);
    m.to = kThree;
    one.step(m);
    m.to = kOne;
    m.from = kOne;
    one.step(m);
    m.from = kNobody;
    one.step(m);
    EXPECT_EQ(one.core().term(), 0U);
    EXPECT_TRUE(one.sent.empty());
}

TEST(CoreDoor, AnswersOfStrangersChangeNothing) {
    OneReplica one(fresh());
    one.lead();
    one.step(Propose{.ticket = 1, .bodies = {Body("x")}});
    Message m = message_to_one(MessageKind::kAppendAnswer, ReplicaId{9}, 1);
    m.at.index = 2;
    one.step(m);
    m.kind = MessageKind::kHeartbeatAnswer;
    m.hint.index = 2;
    one.step(m);
    EXPECT_EQ(one.core().commit(), 1U);
    m = message_to_one(MessageKind::kAppendAnswer, kTwo, 1);
    m.at.index = 3;  // Beyond what there is.
    one.step(m);
    EXPECT_EQ(one.core().commit(), 1U);
    m.at.index = 2;
    one.step(m);
    EXPECT_EQ(one.core().commit(), 2U);
}

TEST(CoreDoor, TheLargestTermIsFollowedAndASmallerOneRefused) {
    constexpr std::uint64_t kLargest = (std::uint64_t{1} << 62) - 1;  // That the wire lets through.
    OneReplica one(fresh());
    one.step(message_to_one(MessageKind::kHeartbeat, kTwo, kLargest));
    EXPECT_EQ(one.core().term(), kLargest);
    EXPECT_EQ(one.core().leader(), kTwo);
    one.step(message_to_one(MessageKind::kVote, kThree, kLargest - 1));
    ASSERT_NE(one.said(MessageKind::kVoteAnswer), nullptr);
    EXPECT_TRUE(one.said(MessageKind::kVoteAnswer)->rejected);
    EXPECT_EQ(one.said(MessageKind::kVoteAnswer)->term, kLargest);
}

// Its terms ascend, so it decodes; but they begin below the term of what was cut.
TEST(CoreDoor, AnAppendThatContradictsTheCutIsIgnored) {
    OneReplica one({.hard_state = {.term = 3, .vote = kNobody, .commit = 5},
                    .cut = {5, 3},
                    .membership = voters_up_to(3),
                    .applied = 5});
    Message m = message_to_one(MessageKind::kAppend, kTwo, 3);
    m.at = {4, 1};
    m.entries = {normal(5, 1), normal(6, 1)};
    one.step(m);
    EXPECT_EQ(one.core().log().last(), (Position{5, 3}));
    m.entries = {normal(5, 3), normal(6, 3)};
    one.step(m);
    EXPECT_EQ(one.core().log().last(), (Position{6, 3}));
}

// Two leaders of one term cannot be; a replica that meets them must not stop for it.
TEST(CoreDoor, WhatIsReplacedIsNotVerifiedAnyMore) {
    OneReplica one(fresh());
    Message m = message_to_one(MessageKind::kAppend, kTwo, 3);
    m.entries = {normal(1, 2), normal(2, 2), normal(3, 2)};
    one.step(m);
    m.from = kThree;
    m.entries = {normal(1, 3)};
    one.step(m);
    EXPECT_EQ(one.core().log().last(), (Position{1, 3}));
    m = message_to_one(MessageKind::kHeartbeat, kTwo, 3);
    m.commit = 3;
    one.step(m);
    EXPECT_EQ(one.core().commit(), 1U);
}

TEST(CoreDoor, NobodyPromisesALeaseFromTheFuture) {
    OneReplica one(fresh());
    one.lead();
    Message m = message_to_one(MessageKind::kHeartbeatAnswer, kTwo, 1);
    m.at.index = m.hint.index = 1;
    m.lease = 200ms;
    for (const time::MonoTime sent_at :
         {one.now() + 1ns, one.now() + std::chrono::years(100), time::MonoTime::max()}) {
        m.sent_at = sent_at;
        one.step(m);
        EXPECT_LE(one.core().lease_until(), one.now());
    }
    m.sent_at = time::MonoTime::min();
    one.step(m);
    EXPECT_LE(one.core().lease_until(), one.now());
    m.sent_at = one.now();
    one.step(m);
    EXPECT_GT(one.core().lease_until(), one.now() + 199ms);
    EXPECT_LT(one.core().lease_until(), one.now() + 200ms);
}

TEST(CoreDoor, NobodyConfirmsARoundOrACeilingThatWasNotAskedFor) {
    OneReplica one(fresh());
    one.lead();
    Message m = message_to_one(MessageKind::kHeartbeatAnswer, kTwo, 1);
    m.at.index = m.hint.index = 1;
    m.sent_at = one.now();
    m.read_id = 1000;
    m.ceiling = {1000};
    one.step(m);
    one.step(WantCeiling{{500}});
    one.step(Read{.ticket = 1, .may_use_lease = false});
    EXPECT_TRUE(one.reads.empty());
    EXPECT_EQ(one.core().ceiling(), time::Hlc{});
    m.read_id = 1;
    m.ceiling = {500};
    one.step(m);
    ASSERT_EQ(one.reads.size(), 1U);
    EXPECT_EQ(one.reads[0].index.value(), 1U);
    EXPECT_EQ(one.core().ceiling(), time::Hlc{500});
}

// ---- Membership ---------------------------------------------------------------------------------

// What the log was cut to, a restart finds in the state: its membership is in effect there, and so
// it must be here, or the next change would start from the one before.
TEST(CoreDoor, AMembershipThatWasCutIsInEffect) {
    OneReplica one(fresh());
    one.lead();
    Message m = message_to_one(MessageKind::kAppendAnswer, kTwo, 1);
    one.step(ProposeChange{.ticket = 1, .change = {.add_learners = {{.id = ReplicaId{4}}}}});
    one.step(Propose{.ticket = 2, .bodies = {Body("x")}});
    one.disk_waits(true);
    m.at.index = 3;
    one.step(m);
    ASSERT_EQ(one.core().commit(), 3U);
    ASSERT_EQ(one.applied.size(), 3U);
    EXPECT_FALSE(one.core().membership().is_learner(ReplicaId{4}));  // Not durably committed.
    one.step(Cut{3});
    EXPECT_TRUE(one.core().membership().is_learner(ReplicaId{4}));
    one.step(ProposeChange{.ticket = 3, .change = {.add_learners = {{.id = ReplicaId{5}}}}});
    one.disk_waits(false);
    for (const Persist& persist : std::vector(one.persists)) {
        one.step(answer_to(persist));
    }
    m.at.index = 4;
    one.step(m);
    EXPECT_EQ(to_string(one.core().membership()), "voters 1 2 3, learners 4 5");
}

}  // namespace
}  // namespace distkv::raft
