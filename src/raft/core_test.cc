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

TEST(CoreDoor, ASnapshotThatContradictsWhatWasVerifiedTakesItBack) {
    OneReplica one(fresh());
    Message m = message_to_one(MessageKind::kAppend, kTwo, 3);
    m.entries = {normal(1, 2), normal(2, 2), normal(3, 2)};
    one.step(m);
    one.step(OfferSnapshot{
        .from = kThree, .term = 3, .meta = {.at = {2, 3}, .membership = voters_up_to(3)}});
    EXPECT_EQ(one.core().log().last(), (Position{2, 3}));
    m = message_to_one(MessageKind::kHeartbeat, kTwo, 3);
    m.commit = 3;
    one.step(m);
    EXPECT_EQ(one.core().commit(), 2U);
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

// ---- Limits -------------------------------------------------------------------------------------

TEST(CoreLimits, TooMuchUncommittedIsRefusedForNowButOneProposalNever) {
    Options options = test_options(kOne);
    options.uncommitted_bytes_max = 200;
    OneReplica one(fresh(), options);
    one.lead();
    one.step(Propose{.ticket = 1, .bodies = {Body(base::Bytes(1000, 'x'))}});
    one.step(Propose{.ticket = 2, .bodies = {Body("y")}});
    ASSERT_EQ(one.proposed.size(), 2U);
    EXPECT_EQ(one.proposed[0].at.value(), (Position{2, 1}));
    EXPECT_EQ(one.proposed[1].at.error(),
              (base::Error{Errc::kRetry, "too much waits to be committed: 1032 bytes"}));
    Message m = message_to_one(MessageKind::kAppendAnswer, kTwo, 1);
    m.at.index = 2;
    one.step(m);
    // 168 + 32 is just the limit.
    one.step(Propose{.ticket = 3, .bodies = {Body(base::Bytes(100, 'x')), Body("y")}});
    one.step(Propose{.ticket = 4, .bodies = {Body("3"), Body()}});
    one.step(Propose{.ticket = 5, .bodies = {Body("")}});
    ASSERT_EQ(one.proposed.size(), 5U);
    EXPECT_EQ(one.proposed[2].at.value(), (Position{3, 1}));
    EXPECT_EQ(one.proposed[3].at.error().code, Errc::kRetry);
    EXPECT_EQ(one.core().log().last_index(), 5U);  // All of a proposal, or nothing.
    EXPECT_EQ(one.proposed[4].at.value(), (Position{5, 1}));
}

TEST(CoreLimits, AProposalHasAtLeastOneEntry) {
    OneReplica one(fresh());
    one.lead();
    one.step(Propose{.ticket = 7, .bodies = {}});
    ASSERT_EQ(one.proposed.size(), 1U);
    EXPECT_EQ(one.proposed[0].ticket, 7U);
    EXPECT_EQ(one.proposed[0].at.error(),
              (base::Error{Errc::kInvalid, "a proposal has at least one entry"}));
}

TEST(CoreLimits, WhoDoesNotLeadNamesWhoDoes) {
    OneReplica one(fresh());
    one.step(Propose{.ticket = 1, .bodies = {Body("x")}});
    one.step(message_to_one(MessageKind::kHeartbeat, kThree, 4));
    one.step(Propose{.ticket = 2, .bodies = {Body("x")}});
    one.step(ProposeChange{.ticket = 3, .change = {.remove = {kTwo}}});
    one.step(Transfer{.ticket = 4, .to = kTwo});
    ASSERT_EQ(one.proposed.size(), 4U);
    EXPECT_EQ(one.proposed[0].at.error(),
              (base::Error{Errc::kRedirect, "no leader is known at present"}));
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_EQ(one.proposed[i].at.error(), (base::Error{Errc::kRedirect, "replica 3 leads"}));
    }
}

TEST(CoreLimits, SoManyReadsWaitAndNoMore) {
    Options options = test_options(kOne);
    options.reads_max = 2;
    OneReplica one(fresh(), options);
    one.step(Read{.ticket = 1});
    ASSERT_EQ(one.reads.size(), 1U);
    EXPECT_EQ(one.reads[0].index.error(),
              (base::Error{Errc::kRetry, "no leader is known at present"}));
    one.step(message_to_one(MessageKind::kHeartbeat, kThree, 4));
    for (std::uint64_t ticket = 2; ticket <= 4; ++ticket) {
        one.step(Read{.ticket = ticket});
    }
    ASSERT_EQ(one.reads.size(), 2U);
    EXPECT_EQ(one.reads[1].ticket, 4U);
    EXPECT_EQ(one.reads[1].index.error(),
              (base::Error{Errc::kRetry, "too many reads wait for the leader already"}));
    EXPECT_EQ(one.core().next_tick(), one.now() + 200ms);
    one.pass(200ms);
    one.step(Tick{});
    ASSERT_EQ(one.reads.size(), 4U);
    EXPECT_EQ(one.reads[2].index.error(),
              (base::Error{Errc::kRetry, "the leader did not answer in time"}));
}

TEST(CoreLimits, ALeaderKeepsSoManyReadsToo) {
    Options options = test_options(kOne);
    options.reads_max = 2;
    OneReplica one(fresh(), options);
    one.lead();
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
        one.step(Read{.ticket = ticket, .may_use_lease = false});
    }
    ASSERT_EQ(one.reads.size(), 1U);
    EXPECT_EQ(one.reads[0].ticket, 3U);
    EXPECT_EQ(one.reads[0].index.error(),
              (base::Error{Errc::kRetry, "too many reads wait already"}));
    Message m = message_to_one(MessageKind::kReadIndex, kThree, 1);
    m.context = 77;
    m.forced = true;
    one.step(m);
    ASSERT_NE(one.said(MessageKind::kReadIndexAnswer), nullptr);
    EXPECT_TRUE(one.said(MessageKind::kReadIndexAnswer)->rejected);
    EXPECT_EQ(one.said(MessageKind::kReadIndexAnswer)->context, 77U);
}

// ---- The storage --------------------------------------------------------------------------------

Message append_of(std::uint64_t term, std::vector<Entry> entries) {
    Message m = message_to_one(MessageKind::kAppend, kTwo, term);
    m.entries = std::move(entries);
    return m;
}

TEST(CoreStorage, AnAcknowledgementWaitsForTheAnswerThatFits) {
    OneReplica one(fresh());
    one.disk_waits(true);
    one.step(append_of(1, {normal(1, 1), normal(2, 1)}));
    ASSERT_EQ(one.persists.size(), 1U);
    const Persisted right = answer_to(one.persists[0]);
    EXPECT_EQ(right.last, (Position{2, 1}));
    for (const Persisted& wrong : {Persisted{right.sequence, {1, 1}}, Persisted{right.sequence, {}},
                                   Persisted{right.sequence + 1, right.last}, Persisted{}}) {
        one.step(wrong);
        EXPECT_EQ(one.said(MessageKind::kAppendAnswer), nullptr);
        EXPECT_EQ(one.core().durable_last(), 0U);
    }
    one.step(right);
    ASSERT_NE(one.said(MessageKind::kAppendAnswer), nullptr);
    EXPECT_EQ(one.said(MessageKind::kAppendAnswer)->at.index, 2U);
    const std::size_t sent = one.sent.size();
    one.step(right);
    EXPECT_EQ(one.sent.size(), sent);
}

TEST(CoreStorage, WhatWasReplacedMeanwhileDoesNotBecomeDurable) {
    OneReplica one(fresh());
    one.disk_waits(true);
    one.step(append_of(1, {normal(1, 1), normal(2, 1), normal(3, 1)}));
    one.step(append_of(2, {normal(1, 1), normal(2, 2)}));
    ASSERT_EQ(one.persists.size(), 2U);
    EXPECT_EQ(one.persists[1].entries, (std::vector{normal(2, 2)}));
    one.step(answer_to(one.persists[0]));
    EXPECT_EQ(one.core().durable_last(), 1U);
    EXPECT_EQ(one.said(MessageKind::kAppendAnswer), nullptr);  // The one of term 1 is forgotten.
    one.step(answer_to(one.persists[1]));
    EXPECT_EQ(one.core().durable_last(), 2U);
    ASSERT_NE(one.said(MessageKind::kAppendAnswer), nullptr);
    EXPECT_EQ(one.said(MessageKind::kAppendAnswer)->term, 2U);
}

TEST(CoreStorage, WhatIsRefusedIsAskedForAgain) {
    OneReplica one(fresh());
    one.disk_waits(true);
    one.step(append_of(1, {normal(1, 1)}));
    Message more = append_of(1, {normal(2, 1)});
    more.at = {1, 1};
    one.step(more);
    ASSERT_EQ(one.persists.size(), 2U);
    const std::vector<Persist> first = one.persists;
    one.step(PersistRefused{first[0].sequence});
    EXPECT_EQ(one.core().next_tick(), one.now() + 50ms);
    more.entries = {normal(2, 1), normal(3, 1)};
    one.step(more);
    EXPECT_EQ(one.core().log().last_index(), 2U);  // Nothing more is taken in.
    EXPECT_EQ(one.persists.size(), 2U);
    one.step(answer_to(first[1]));  // Of what never happened.
    EXPECT_EQ(one.core().durable_last(), 0U);

    one.pass(50ms);
    one.step(Tick{});
    ASSERT_EQ(one.persists.size(), 3U);
    EXPECT_GT(one.persists[2].sequence, first[1].sequence);
    EXPECT_EQ(one.persists[2].entries, (std::vector{normal(1, 1), normal(2, 1)}));
    ASSERT_TRUE(one.persists[2].hard_state.has_value());
    EXPECT_EQ(one.persists[2].hard_state->term, 1U);
    one.step(answer_to(one.persists[2]));
    EXPECT_EQ(one.core().durable_last(), 2U);
    EXPECT_EQ(one.said(MessageKind::kAppendAnswer)->at.index, 2U);
}

// While the disk stalls, heartbeats with ever higher ceilings go on arriving.
TEST(CoreStorage, ADiskThatStallsIsNotBuriedInWork) {
    Options options = test_options(kOne);
    options.persists_max = 4;
    options.held_messages_max = 10;
    OneReplica one(fresh(), options);
    one.disk_waits(true);
    Message m = message_to_one(MessageKind::kHeartbeat, kTwo, 1);
    for (std::uint64_t ceiling = 1; ceiling <= 100; ++ceiling) {
        one.pass(50ms);
        m.sent_at = one.now();
        m.ceiling = {ceiling};
        one.step(m);
    }
    ASSERT_EQ(one.persists.size(), 4U);
    EXPECT_EQ(one.persists[3].hard_state->ceiling, time::Hlc{4});
    EXPECT_EQ(one.said(MessageKind::kHeartbeatAnswer), nullptr);
    one.step(answer_to(one.persists[3]));
    EXPECT_EQ(one.said(MessageKind::kHeartbeatAnswer)->ceiling, time::Hlc{4});
    ASSERT_EQ(one.persists.size(), 5U);
    EXPECT_EQ(one.persists[4].hard_state->ceiling, time::Hlc{100});
    one.step(answer_to(one.persists[4]));
    EXPECT_EQ(one.said(MessageKind::kHeartbeatAnswer)->ceiling, time::Hlc{10});
    EXPECT_EQ(one.sent.size(), 10U);  // The others count as lost.
    one.disk_waits(false);
    m.ceiling = {101};
    one.step(m);
    EXPECT_EQ(one.said(MessageKind::kHeartbeatAnswer)->ceiling, time::Hlc{101});
}

TEST(CoreStorage, ALeaderThatIsRefusedStepsDown) {
    OneReplica one(fresh());
    one.lead();
    one.disk_waits(true);
    one.step(Propose{.ticket = 1, .bodies = {Body("x")}});
    one.step(PersistRefused{one.persists.back().sequence});
    EXPECT_EQ(one.core().role(), Role::kFollower);
    EXPECT_EQ(one.core().leader(), kNobody);
    const std::size_t sent = one.sent.size();
    one.step(Campaign{});  // Not before the storage works again.
    EXPECT_EQ(one.sent.size(), sent);
}

// ---- Sleep --------------------------------------------------------------------------------------

OneReplica asleep_with_entries_on_disk() {
    OneReplica one({.hard_state = {.term = 1, .vote = kTwo, .commit = 0},
                    .membership = voters_up_to(3),
                    .entries = {normal(1, 1), normal(2, 1)}});
    Message m = append_of(1, {});
    m.at = {2, 1};
    m.commit = 2;
    one.step(m);
    m.kind = MessageKind::kSleep;
    one.step(m);
    return one;
}

TEST(CoreSleep, ASleeperHasNoTimers) {
    OneReplica one = asleep_with_entries_on_disk();
    EXPECT_TRUE(one.core().is_asleep());
    EXPECT_EQ(one.core().next_tick(), time::MonoTime::max());
    one.pass(1h);
    one.sent.clear();
    one.step(Tick{});
    EXPECT_TRUE(one.sent.empty());
    one.step(Wake{});
    EXPECT_FALSE(one.core().is_asleep());
    EXPECT_EQ(one.said(MessageKind::kWake)->to, kTwo);
    EXPECT_GE(one.core().next_tick(), one.now() + 200ms);
    EXPECT_LE(one.core().next_tick(), one.now() + 400ms);
}

TEST(CoreSleep, WhatASleeperStillFetchesArrives) {
    OneReplica one = asleep_with_entries_on_disk();
    ASSERT_EQ(one.fetches.size(), 1U);
    one.step(Fetched{one.fetches[0], std::vector{normal(1, 1), normal(2, 1)}});
    EXPECT_EQ(one.applied.size(), 2U);
    EXPECT_TRUE(one.core().is_asleep());
}

TEST(CoreSleep, ASleeperThatCannotReadItsLogWakesToTryAgain) {
    OneReplica one = asleep_with_entries_on_disk();
    ASSERT_EQ(one.fetches.size(), 1U);
    one.step(Fetched{one.fetches[0], base::fail(Errc::kRetry, "the disk is busy")});
    EXPECT_FALSE(one.core().is_asleep());
    one.pass(one.core().next_tick() - one.now());
    one.step(Tick{});
    EXPECT_EQ(one.fetches.size(), 2U);
}

}  // namespace
}  // namespace distkv::raft
