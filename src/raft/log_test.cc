#include "raft/log.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::raft {
namespace {

using Term = std::optional<std::uint64_t>;
using Terms = std::vector<std::uint64_t>;

Membership voters_up_to(std::uint64_t count) {
    Membership membership;
    for (std::uint64_t id = 1; id <= count; ++id) {
        membership.voters.push_back({.id = ReplicaId{id}});
    }
    return membership;
}

Entry normal(std::uint64_t index, std::uint64_t term, std::size_t size = 0) {
    return {index, term, EntryKind::kNormal, Body(base::Bytes(size, 'x'))};
}

Entry change(std::uint64_t index, std::uint64_t term, std::uint64_t voters) {
    return {index, term, EntryKind::kMembership, Body(voters_up_to(voters).encode())};
}

// Behind {10, 2}: terms 2 2 4 4 4 7 at 11 to 16.
Log sample() {
    Log log({10, 2}, voters_up_to(1));
    for (const std::uint64_t term : {2, 2, 4, 4, 4, 7}) {
        log.append(normal(log.last_index() + 1, term));
    }
    return log;
}

std::vector<std::uint64_t> indices(const std::vector<Entry>& entries) {
    std::vector<std::uint64_t> all;
    std::ranges::transform(entries, std::back_inserter(all), &Entry::index);
    return all;
}

TEST(Log, AnEmptyOneEndsWhereItWasCut) {
    for (const Position cut : {Position{}, Position{10, 2}}) {
        const Log log(cut, voters_up_to(3));
        EXPECT_EQ(log.cut(), cut);
        EXPECT_EQ(log.last(), cut);
        EXPECT_EQ(log.first_index(), cut.index + 1);
        EXPECT_EQ(log.term_at(cut.index), Term(cut.term));
        EXPECT_EQ(log.term_at(cut.index + 1), Term());
        EXPECT_TRUE(log.holds(cut));
        EXPECT_TRUE(log.terms().empty());
        EXPECT_TRUE(log.read(cut.index + 1, 100, 1000).empty());
        EXPECT_EQ(*log.membership_at(100).membership, voters_up_to(3));
    }
}

TEST(Log, KnowsTheTermOfAllBehindTheCutAndOfTheCut) {
    const Log log = sample();
    const Terms terms{2, 2, 2, 4, 4, 4, 7};
    for (std::uint64_t index = 0; index <= 20; ++index) {
        const bool inside = index >= 10 && index <= 16;
        EXPECT_EQ(log.term_at(index), inside ? Term(terms[index - 10]) : Term()) << index;
    }
    EXPECT_EQ(log.term_at(UINT64_MAX), Term());
    EXPECT_EQ(log.terms(), Terms(terms.begin() + 1, terms.end()));
    EXPECT_TRUE(log.holds({13, 4}));
    EXPECT_FALSE(log.holds({13, 2}));
    EXPECT_FALSE(log.holds({17, 7}));
    EXPECT_FALSE(log.holds({9, 2}));
    EXPECT_EQ(log.last(), (Position{16, 7}));
}

TEST(Log, WhereTwoLogsMayStillAgree) {
    const struct {
        Position theirs;
        Position agree;
    } cases[] = {
        {{16, 7}, {16, 7}}, {{16, 9}, {16, 7}}, {{16, 6}, {15, 4}}, {{16, 4}, {15, 4}},
        {{16, 3}, {12, 2}}, {{14, 4}, {14, 4}}, {{14, 9}, {14, 4}}, {{14, 3}, {12, 2}},
        {{11, 2}, {11, 2}}, {{99, 9}, {16, 7}}, {{99, 5}, {15, 4}}, {{UINT64_MAX, 2}, {12, 2}},
        {{16, 1}, {10, 2}},  // The cut is committed: there they agree, whatever the term.
        {{16, 0}, {10, 2}}, {{10, 2}, {10, 2}}, {{10, 1}, {10, 2}}, {{3, 1}, {10, 2}},
        {{0, 0}, {10, 2}},
    };
    const Log log = sample();
    for (const auto& [theirs, agree] : cases) {
        EXPECT_EQ(log.agree_below(theirs.index, theirs.term), agree)
            << theirs.index << "/" << theirs.term;
    }
}

TEST(Log, TruncateTakesTheEndAway) {
    Log log = sample();
    log.truncate(17);  // There is nothing.
    EXPECT_EQ(log.last(), (Position{16, 7}));
    log.truncate(14);
    EXPECT_EQ(log.last(), (Position{13, 4}));
    EXPECT_EQ(log.terms(), (Terms{2, 2, 4}));
    EXPECT_EQ(log.bytes_in_memory(), 3 * kEntryOverheadBytes);
    log.append(normal(14, 9));
    EXPECT_EQ(log.terms(), (Terms{2, 2, 4, 9}));
    log.truncate(11);
    EXPECT_EQ(log.last(), (Position{10, 2}));
    EXPECT_EQ(log.bytes_in_memory(), 0U);
    log.append(normal(11, 3));
    EXPECT_EQ(log.terms(), Terms{3});
}

TEST(Log, CutTakesTheBeginningAway) {
    Log log = sample();
    log.cut_to(10);
    log.cut_to(4);
    EXPECT_EQ(log.cut(), (Position{10, 2}));
    log.cut_to(13);
    EXPECT_EQ(log.cut(), (Position{13, 4}));
    EXPECT_EQ(log.terms(), (Terms{4, 4, 7}));
    EXPECT_EQ(log.term_at(13), Term(4));
    EXPECT_EQ(log.term_at(12), Term());
    EXPECT_EQ(log.agree_below(15, 4), (Position{15, 4}));
    EXPECT_EQ(log.agree_below(15, 3), (Position{13, 4}));
    EXPECT_EQ(log.bytes_in_memory(), 3 * kEntryOverheadBytes);
    log.cut_to(15);
    EXPECT_EQ(log.agree_below(16, 6), (Position{15, 4}));
    log.cut_to(16);
    EXPECT_EQ(log.last(), (Position{16, 7}));
    EXPECT_TRUE(log.terms().empty());
    log.append(normal(17, 7));
    EXPECT_EQ(log.terms(), Terms{7});
}

TEST(Log, ReadKeepsToTheLimitButGivesOneAtLeast) {
    Log log({}, voters_up_to(1));
    for (std::uint64_t index = 1; index <= 5; ++index) {
        log.append(normal(index, 1, 68));  // 100 bytes each.
    }
    const struct {
        std::uint64_t first;
        std::uint64_t last;
        std::size_t bytes_max;
        Terms expected;
    } cases[] = {
        {1, 5, 1000, {1, 2, 3, 4, 5}},
        {1, 5, 500, {1, 2, 3, 4, 5}},
        {1, 5, 499, {1, 2, 3, 4}},
        {1, 5, 99, {1}},
        {1, 5, 0, {1}},
        {2, 3, 1000, {2, 3}},
        {4, 99, 1000, {4, 5}},
        {6, 99, 1000, {}},
        {0, 5, 1000, {}},
        {3, 2, 1000, {}},
    };
    for (const auto& [first, last, bytes_max, expected] : cases) {
        EXPECT_EQ(indices(log.read(first, last, bytes_max)), expected) << first << " " << last;
    }
}

TEST(Log, ShrinkLetsGoOfTheOldestAndKeepsTheirTerms) {
    Log log({}, voters_up_to(1));
    for (std::uint64_t index = 1; index <= 5; ++index) {
        log.append(normal(index, index, 68));
    }
    log.shrink(5, 500);
    EXPECT_EQ(log.bytes_in_memory(), 500U);
    log.shrink(2, 100);  // As far as it may, not as far as it should.
    EXPECT_EQ(log.bytes_in_memory(), 300U);
    EXPECT_FALSE(log.is_in_memory(2));
    EXPECT_TRUE(log.is_in_memory(3));
    EXPECT_FALSE(log.is_in_memory(6));
    EXPECT_TRUE(log.read(2, 5, 1000).empty());
    EXPECT_EQ(indices(log.read(3, 5, 1000)), (Terms{3, 4, 5}));
    EXPECT_EQ(log.terms(), (Terms{1, 2, 3, 4, 5}));
    log.shrink(5, 150);
    EXPECT_EQ(log.bytes_in_memory(), 100U);
    log.shrink(5, 0);
    EXPECT_FALSE(log.is_in_memory(5));
    EXPECT_EQ(log.last(), (Position{5, 5}));
    log.truncate(5);
    EXPECT_EQ(log.last(), (Position{4, 4}));
    log.append(normal(5, 9));
    EXPECT_EQ(indices(log.read(5, 5, 0)), Terms{5});
    EXPECT_EQ(log.terms(), (Terms{1, 2, 3, 4, 9}));
}

TEST(Log, WhatIsOnlyKnownHasTermsAndMembershipsButNothingToRead) {
    Log log({10, 2}, voters_up_to(1));
    log.append_known({11, 2});
    log.append_known({12, 5});
    log.note_membership(12, voters_up_to(4));
    log.append(normal(13, 5));
    EXPECT_EQ(log.terms(), (Terms{2, 5, 5}));
    EXPECT_TRUE(log.read(12, 13, 1000).empty());
    EXPECT_EQ(indices(log.read(13, 13, 1000)), Terms{13});
    EXPECT_EQ(log.membership_at(13).index, 12U);
    EXPECT_EQ(*log.membership_at(13).membership, voters_up_to(4));
}

TEST(Log, MembershipsFollowWhatIsAppendedTruncatedAndCut) {
    Log log({10, 2}, voters_up_to(1));
    log.append(normal(11, 2));
    log.append(change(12, 2, 2));
    log.append(normal(13, 2));
    log.append(change(14, 3, 3));
    const auto at = [&log](std::uint64_t index) {
        const Log::Decided decided = log.membership_at(index);
        return std::pair(decided.index, decided.membership->voters.size());
    };
    EXPECT_EQ(at(10), std::pair(10UL, 1UL));
    EXPECT_EQ(at(11), std::pair(10UL, 1UL));
    EXPECT_EQ(at(12), std::pair(12UL, 2UL));
    EXPECT_EQ(at(13), std::pair(12UL, 2UL));
    EXPECT_EQ(at(99), std::pair(14UL, 3UL));
    EXPECT_EQ(log.change_above(0), Term(12));
    EXPECT_EQ(log.change_above(11), Term(12));
    EXPECT_EQ(log.change_above(12), Term(14));
    EXPECT_EQ(log.change_above(14), Term());
    log.truncate(14);
    EXPECT_EQ(at(99), std::pair(12UL, 2UL));
    EXPECT_EQ(log.change_above(12), Term());
    log.cut_to(13);
    EXPECT_EQ(at(99), std::pair(13UL, 2UL));  // From then on it counts as of the cut.
    EXPECT_EQ(log.change_above(0), Term());
}

TEST(Log, ResetForgetsEverything) {
    Log log = sample();
    log.append(change(17, 7, 5));
    log.reset({40, 6}, voters_up_to(2));
    EXPECT_EQ(log.cut(), (Position{40, 6}));
    EXPECT_EQ(log.last(), (Position{40, 6}));
    EXPECT_EQ(log.bytes_in_memory(), 0U);
    EXPECT_EQ(log.term_at(16), Term());
    EXPECT_EQ(*log.membership_at(99).membership, voters_up_to(2));
    EXPECT_EQ(log.change_above(0), Term());
    log.append(normal(41, 6));
    EXPECT_EQ(log.terms(), Terms{6});
}

// ---- Beside a model -----------------------------------------------------------------------------

// The same with a map of all entries, and no cleverness.
struct Model {
    Position cut;
    std::uint64_t at_cut = 1;  // Voters.
    std::map<std::uint64_t, Entry> entries;
    std::map<std::uint64_t, std::uint64_t> voters;
    std::uint64_t memory_from = 1;  // What is below may have been let go of.

    [[nodiscard]] Position last() const {
        return entries.empty() ? cut : entries.rbegin()->second.position();
    }
    [[nodiscard]] Term term_at(std::uint64_t index) const {
        const auto found = entries.find(index);
        return index == cut.index       ? Term(cut.term)
               : found == entries.end() ? Term()
                                        : Term(found->second.term);
    }
    [[nodiscard]] Position agree_below(std::uint64_t index, std::uint64_t term) const {
        for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
            if (at->first <= index && at->second.term <= term) {
                return at->second.position();
            }
        }
        return cut;
    }
    [[nodiscard]] std::uint64_t voters_at(std::uint64_t index) const {
        const auto after = voters.upper_bound(index);
        return after == voters.begin() ? at_cut : std::prev(after)->second;
    }
    void append(const Entry& entry, std::uint64_t its_voters) {
        entries[entry.index] = entry;
        if (its_voters > 0) {
            voters[entry.index] = its_voters;
        }
    }
    void truncate(std::uint64_t from) {
        entries.erase(entries.lower_bound(from), entries.end());
        voters.erase(voters.lower_bound(from), voters.end());
        memory_from = std::min(memory_from, from);
    }
    void cut_to(std::uint64_t index) {
        if (index <= cut.index) {
            return;
        }
        at_cut = voters_at(index);
        cut = {index, *term_at(index)};
        entries.erase(entries.begin(), entries.upper_bound(index));
        voters.erase(voters.begin(), voters.upper_bound(index));
        memory_from = std::max(memory_from, index + 1);
    }
    void shrink(std::uint64_t keep_above, std::size_t bytes_max) {
        std::size_t bytes = bytes_in_memory();
        for (; bytes > bytes_max && memory_from <= std::min(keep_above, last().index);
             ++memory_from) {
            bytes -= cost_of(entries.at(memory_from));
        }
    }
    [[nodiscard]] std::size_t bytes_in_memory() const {
        std::size_t bytes = 0;
        for (auto at = entries.lower_bound(memory_from); at != entries.end(); ++at) {
            bytes += cost_of(at->second);
        }
        return bytes;
    }
    [[nodiscard]] std::vector<Entry> read(std::uint64_t first, std::uint64_t last,
                                          std::size_t bytes_max) const {
        std::vector<Entry> some;
        std::size_t bytes = 0;
        for (auto at = entries.lower_bound(first);
             first >= memory_from && at != entries.end() && at->first <= last; ++at) {
            bytes += cost_of(at->second);
            if (bytes > bytes_max && !some.empty()) {
                break;
            }
            some.push_back(at->second);
        }
        return some;
    }
};

// One random act on both.
void act(base::Rng& rng, Log& log, Model& model) {
    const Position last = model.last();
    const std::uint64_t somewhere = model.cut.index + rng.below(last.index - model.cut.index + 1);
    switch (rng.below(12)) {
        case 0:
            log.truncate(somewhere + 1);
            model.truncate(somewhere + 1);
            break;
        case 1:
            log.cut_to(somewhere);
            model.cut_to(somewhere);
            break;
        case 2: {
            const std::size_t bytes_max = rng.below(400);
            log.shrink(somewhere, bytes_max);
            model.shrink(somewhere, bytes_max);
            break;
        }
        case 3:
            if (rng.below(20) == 0) {
                const Position cut{last.index + rng.below(5), last.term + rng.below(2)};
                log.reset(cut, voters_up_to(9));
                model = {.cut = cut, .at_cut = 9, .memory_from = cut.index + 1};
            }
            break;
        default: {
            const std::uint64_t voters = rng.below(8) == 0 ? 1 + rng.below(5) : 0;
            const std::uint64_t term = last.term + rng.below(8) / 6;
            const Entry entry = voters > 0 ? change(last.index + 1, term, voters)
                                           : normal(last.index + 1, term, rng.below(60));
            log.append(entry);
            model.append(entry, voters);
        }
    }
}

void compare(base::Rng& rng, const Log& log, const Model& model) {
    ASSERT_EQ(log.cut(), model.cut);
    ASSERT_EQ(log.last(), model.last());
    ASSERT_EQ(log.bytes_in_memory(), model.bytes_in_memory());
    const std::uint64_t from = model.cut.index < 2 ? 0 : model.cut.index - 2;
    for (std::uint64_t index = from; index <= model.last().index + 2; ++index) {
        ASSERT_EQ(log.term_at(index), model.term_at(index));
        const std::uint64_t term = rng.below(model.last().term + 2);
        ASSERT_EQ(log.agree_below(index, term), model.agree_below(index, term));
        ASSERT_EQ(log.membership_at(index).membership->voters.size(), model.voters_at(index));
        const auto change = model.voters.upper_bound(index);
        ASSERT_EQ(log.change_above(index),
                  change == model.voters.end() ? Term() : Term(change->first));
    }
    const std::uint64_t first = rng.below(model.last().index + 2);
    const std::uint64_t last = first + rng.below(6);
    const std::size_t bytes_max = rng.below(300);
    if (first > model.cut.index) {
        ASSERT_EQ(log.read(first, last, bytes_max), model.read(first, last, bytes_max));
    }
}

TEST(Log, DoesWhatASimpleOneWouldDo) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        base::Rng rng(seed);
        Log log({}, voters_up_to(1));
        Model model;
        for (int step = 0; step < 300; ++step) {
            act(rng, log, model);
            ASSERT_NO_FATAL_FAILURE(compare(rng, log, model))
                << "seed " << seed << " step " << step;
        }
    }
}

}  // namespace
}  // namespace distkv::raft
