#include "raft/quorum_read.h"

#include <gtest/gtest.h>

#include "raft/core_test.h"

namespace distkv::raft {
namespace {

using Index = std::optional<std::uint64_t>;

Core core_with(Membership membership, Start start = {}) {
    start.membership = std::move(membership);
    return Core(test_options(kOne), std::move(start), time::MonoTime(std::chrono::seconds(1)),
                base::Rng(1));
}

TEST(QuorumRead, WaitsForAQuorumAndTakesTheHighest) {
    const Core core = core_with(voters_up_to(3));
    QuorumRead read(core);
    EXPECT_EQ(read.apply_first(), Index());
    read.take(kTwo, {.durable_last = 9});
    EXPECT_EQ(read.apply_first(), Index());
    read.take(kOne, {.durable_last = 4});
    EXPECT_EQ(read.apply_first(), Index(9));
    read.take(kThree, {.durable_last = 12});
    EXPECT_EQ(read.apply_first(), Index(12));  // More than is needed does no harm.
}

TEST(QuorumRead, OneReplicaIsAskedOnce) {
    const Core core = core_with(voters_up_to(3));
    QuorumRead read(core);
    read.take(kTwo, {.durable_last = 3});
    read.take(kTwo, {.durable_last = 3});
    EXPECT_EQ(read.apply_first(), Index());
    read.take(kTwo, {.durable_last = 50});
    read.take(kThree, {.durable_last = 2});
    EXPECT_EQ(read.apply_first(), Index(3));
}

TEST(QuorumRead, WhoIsRepairingDoesNotCount) {
    const Core core = core_with(voters_up_to(3));
    QuorumRead read(core);
    read.take(kOne, {.durable_last = 4});
    read.take(kTwo, {.durable_last = 9, .repairing = true});
    EXPECT_EQ(read.apply_first(), Index());
    read.take(kTwo, {.durable_last = 9});  // It is whole again.
    EXPECT_EQ(read.apply_first(), Index(9));
}

TEST(QuorumRead, LearnersAndStrangersMakeNoQuorum) {
    Membership membership = voters_up_to(3);
    membership.learners = {{.id = {4}}};
    const Core core = core_with(membership);
    QuorumRead read(core);
    read.take({4}, {.durable_last = 7});
    read.take({9}, {.durable_last = 8});
    read.take(kOne, {.durable_last = 1});
    EXPECT_EQ(read.apply_first(), Index());
    read.take(kTwo, {.durable_last = 2});
    EXPECT_GE(read.apply_first(), Index(2));
}

TEST(QuorumRead, AJointMembershipNeedsBothHalves) {
    Membership membership = voters_up_to(3);
    membership.outgoing = {{.id = {4}}, {.id = {5}}, {.id = {6}}};
    const Core core = core_with(membership);
    QuorumRead read(core);
    read.take(kOne, {.durable_last = 1});
    read.take(kTwo, {.durable_last = 2});
    EXPECT_EQ(read.apply_first(), Index());
    read.take({4}, {.durable_last = 3});
    EXPECT_EQ(read.apply_first(), Index());
    read.take({6}, {.durable_last = 1});
    EXPECT_EQ(read.apply_first(), Index(3));
}

TEST(QuorumRead, EachReplicaSaysWhatIsDurable) {
    Start start{.hard_state = {.term = 2}, .entries = {normal(1, 1), normal(2, 1), normal(3, 2)}};
    const QuorumReadAnswer whole = answer_quorum_read(core_with(voters_up_to(3), start));
    EXPECT_EQ(whole.durable_last, 3U);
    EXPECT_FALSE(whole.repairing);
    start.damage = Start::Damage{.first = 2, .last = 3};
    const QuorumReadAnswer damaged = answer_quorum_read(core_with(voters_up_to(3), start));
    EXPECT_EQ(damaged.durable_last, 1U);
    EXPECT_TRUE(damaged.repairing);
}

// The same voters, decided anew, are another membership: others may have decided in between.
TEST(QuorumRead, IsVoidOnceAnyMembershipHasTakenEffect) {
    OneReplica one({.membership = voters_up_to(3)});
    one.lead();
    const QuorumRead read(one.core());
    EXPECT_TRUE(read.may_answer(one.core()));
    one.step(ProposeChange{.ticket = 1, .change = {.add_learners = {{.id = ReplicaId{4}}}}});
    EXPECT_TRUE(read.may_answer(one.core()));
    Message m = message_to_one(MessageKind::kAppendAnswer, kTwo, 1);
    m.at.index = 2;
    one.step(m);
    EXPECT_EQ(one.core().membership_index(), 2U);
    EXPECT_FALSE(read.may_answer(one.core()));
    EXPECT_TRUE(QuorumRead(one.core()).may_answer(one.core()));
}

}  // namespace
}  // namespace distkv::raft
