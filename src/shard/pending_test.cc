#include "shard/pending.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace distkv::shard {
namespace {

using raft::Position;

using Texts = std::vector<std::string>;

// "7 done", "8 retry", "9 unknown outcome", in the order in which they were told.
Texts texts(const std::vector<Settled>& settled) {
    Texts told;
    for (const Settled& one : settled) {
        const auto& outcome = one.outcome;
        told.push_back(std::to_string(one.call) + " " +
                       (outcome ? "done" : std::string(name_of(outcome.error().code))));
    }
    return told;
}

class Proposals {
public:
    // The number of a call is its place in this list.
    explicit Proposals(std::vector<Position> at) {
        for (std::size_t i = 0; i < at.size(); ++i) {
            pending_.add(at[i], i);
        }
    }
    Texts applied(Position at) {
        std::vector<Settled> settled;
        pending_.applied(at, settled);
        for (const Settled& one : settled) {
            EXPECT_TRUE(!one.outcome || *one.outcome == at);
        }
        return texts(settled);
    }
    Texts skipped(Position at) {
        std::vector<Settled> settled;
        pending_.skipped(at, settled);
        return texts(settled);
    }
    Texts abandon() {
        std::vector<Settled> settled;
        pending_.abandon("the host ends", settled);
        for (const Settled& one : settled) {
            EXPECT_EQ(one.outcome.error().detail, "the host ends");
        }
        return texts(settled);
    }
    [[nodiscard]] std::size_t size() const { return pending_.size(); }

private:
    PendingProposals pending_;
};

TEST(PendingProposals, AreDoneWhenTheirOwnEntryIsApplied) {
    Proposals pending({{5, 2}, {6, 2}, {8, 2}});
    EXPECT_EQ(pending.applied({4, 2}), Texts{});
    EXPECT_EQ(pending.applied({5, 2}), Texts{"0 done"});
    EXPECT_EQ(pending.applied({6, 2}), Texts{"1 done"});
    EXPECT_EQ(pending.applied({7, 2}), Texts{});  // Nobody here waits for it.
    EXPECT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending.applied({8, 2}), Texts{"2 done"});
    EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingProposals, AreLostWhenALaterTermTookTheirPlace) {
    Proposals pending({{5, 2}});
    EXPECT_EQ(pending.applied({5, 3}), Texts{"0 retry"});
    EXPECT_EQ(pending.size(), 0U);
}

// A log in which an entry of term 3 stands at place 4 holds none of term 2 behind it.
TEST(PendingProposals, AreLostWhenALaterTermStandsBeforeThem) {
    Proposals pending({{5, 2}, {6, 2}, {7, 3}, {8, 4}});
    EXPECT_EQ(pending.applied({4, 3}), (Texts{"0 retry", "1 retry"}));
    EXPECT_EQ(pending.size(), 2U);  // In term 3 or later: still possible.
    EXPECT_EQ(pending.applied({7, 3}), Texts{"2 done"});
    EXPECT_EQ(pending.applied({8, 4}), Texts{"3 done"});
}

TEST(PendingProposals, AnEarlierTermSaysNothing) {
    Proposals pending({{5, 3}});
    EXPECT_EQ(pending.applied({3, 1}), Texts{});
    EXPECT_EQ(pending.applied({4, 2}), Texts{});
    EXPECT_EQ(pending.applied({5, 3}), Texts{"0 done"});
}

// A leader that was deposed and came back writes at places that it has used before.
TEST(PendingProposals, OfTwoAtOnePlaceOneIsDone) {
    Proposals pending({{6, 2}, {7, 2}, {5, 4}, {6, 4}});
    EXPECT_EQ(pending.applied({5, 4}), (Texts{"2 done", "0 retry", "1 retry"}));
    EXPECT_EQ(pending.applied({6, 4}), Texts{"3 done"});
    EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingProposals, ASnapshotSettlesWhatItCanTell) {
    // Before its end: its place was skipped. At its end: the term tells. Behind it: an earlier term
    // is impossible by now.
    Proposals pending({{5, 2}, {9, 3}, {11, 2}, {12, 3}, {13, 4}});
    EXPECT_EQ(pending.skipped({9, 3}), (Texts{"0 unknown outcome", "1 done", "2 retry"}));
    EXPECT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending.applied({12, 3}), Texts{"3 done"});
    EXPECT_EQ(pending.applied({13, 4}), Texts{"4 done"});
}

TEST(PendingProposals, ASnapshotThatEndsInALaterTermLosesTheOneAtItsEnd) {
    Proposals pending({{9, 2}});
    EXPECT_EQ(pending.skipped({9, 3}), Texts{"0 retry"});
}

TEST(PendingProposals, WhatIsAbandonedIsUnknown) {
    Proposals pending({{5, 2}, {6, 2}});
    EXPECT_EQ(pending.abandon(), (Texts{"0 unknown outcome", "1 unknown outcome"}));
    EXPECT_EQ(pending.size(), 0U);
    EXPECT_EQ(pending.abandon(), Texts{});
}

TEST(PendingReads, AreReadyWhenTheirIndexIsApplied) {
    PendingReads pending;
    pending.add(7, 70);
    pending.add(5, 50);
    pending.add(7, 71);
    pending.add(9, 90);
    using Calls = std::vector<CallNumber>;
    EXPECT_EQ(pending.applied(4), Calls{});
    EXPECT_EQ(pending.applied(6), Calls{50});
    EXPECT_EQ(pending.applied(7), (Calls{70, 71}));
    EXPECT_EQ(pending.applied(7), Calls{});
    pending.add(8, 80);
    EXPECT_EQ(pending.abandon(), (Calls{80, 90}));
    EXPECT_EQ(pending.abandon(), Calls{});
}

}  // namespace
}  // namespace distkv::shard
