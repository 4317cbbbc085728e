#include "time/causality.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

TracedEvent event(std::uint64_t id, std::uint64_t node, std::uint64_t word,
                  std::vector<EventId> parents = {}) {
    return {EventId{id}, Stamp{Hlc{word}, base::NodeId{node}}, std::move(parents)};
}

std::vector<std::uint64_t> ids(const std::vector<TracedEvent>& events) {
    std::vector<std::uint64_t> sorted;
    for (const OrderedEvent& each : sort_by_causality(events).value()) {
        sorted.push_back(events[each.index].id.value);
    }
    return sorted;
}

TEST(Causality, MessagesAndNodesOrderEvents) {
    const std::vector<TracedEvent> events{event(3, 2, 30, {EventId{1}}), event(1, 1, 10),
                                          event(2, 1, 20), event(4, 2, 40)};
    EXPECT_EQ(ids(events), (std::vector<std::uint64_t>{1, 2, 3, 4}));
    const auto ordered = sort_by_causality(events).value();
    EXPECT_FALSE(ordered[1].concurrent_with_previous);  // Same node.
    EXPECT_TRUE(ordered[2].concurrent_with_previous);   // 3 knows of 1, not of 2.
    EXPECT_FALSE(ordered[3].concurrent_with_previous);
    EXPECT_EQ(causality(events, EventId{1}, EventId{4}).value(), Causality::kBefore);
    EXPECT_EQ(causality(events, EventId{4}, EventId{1}).value(), Causality::kAfter);
    EXPECT_EQ(causality(events, EventId{2}, EventId{4}).value(), Causality::kConcurrent);
}

TEST(Causality, EffectBeforeCauseIsFlaggedAndSortedRight) {
    const std::vector<TracedEvent> events{event(1, 1, 100), event(2, 2, 50, {EventId{1}})};
    const auto ordered = sort_by_causality(events).value();
    EXPECT_EQ(ordered[0].index, 0U);
    EXPECT_TRUE(ordered[1].before_its_cause);
    EXPECT_FALSE(ordered[0].before_its_cause);
}

TEST(Causality, MissingParentsAreCounted) {
    EXPECT_EQ(sort_by_causality({event(1, 1, 1, {EventId{9}})}).value()[0].parents_missing, 1U);
}

TEST(Causality, CirclesAndDoubleIdsAreInvalid) {
    EXPECT_EQ(error_of(sort_by_causality({event(1, 1, 1), event(1, 2, 2)})).code,
              base::Errc::kInvalid);
    EXPECT_EQ(
        error_of(sort_by_causality({event(1, 1, 1, {EventId{2}}), event(2, 2, 2, {EventId{1}})}))
            .code,
        base::Errc::kInvalid);
    EXPECT_EQ(error_of(sort_by_causality({event(1, 1, 1, {EventId{1}})})).code,
              base::Errc::kInvalid);
    EXPECT_EQ(error_of(causality({}, EventId{1}, EventId{2})).code, base::Errc::kNotFound);
    EXPECT_TRUE(sort_by_causality({}).value().empty());
}

// Random histories with wrong clocks: causes stand first, the order does not depend on the listing,
// and neighbours marked concurrent really are.
TEST(Causality, RandomHistories) {
    base::Rng rng(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<TracedEvent> events;
        std::vector<std::uint64_t> last(4, 0);
        for (std::uint64_t id = 1; id <= 30; ++id) {
            const std::uint64_t node = rng.below(last.size());
            last[node] += 1 + rng.below(20);
            events.push_back(event(id, node, last[node]));
            if (id > 1 && rng.chance(500'000)) {
                events.back().parents.push_back(EventId{1 + rng.below(id - 1)});
            }
        }
        const auto order = ids(events);
        const auto ordered = sort_by_causality(events).value();
        std::vector<TracedEvent> shuffled = events;
        for (std::size_t i = shuffled.size(); i > 1; --i) {
            std::swap(shuffled[i - 1], shuffled[rng.below(i)]);
        }
        ASSERT_EQ(ids(shuffled), order);
        const auto place = [&](EventId id) { return std::ranges::find(order, id.value); };
        for (const TracedEvent& each : events) {
            for (const EventId parent : each.parents) {
                ASSERT_LT(place(parent), place(each.id));
            }
        }
        for (std::size_t i = 1; i < ordered.size(); ++i) {
            const bool concurrent =
                causality(events, EventId{order[i - 1]}, EventId{order[i]}).value() ==
                Causality::kConcurrent;
            ASSERT_EQ(ordered[i].concurrent_with_previous, concurrent);
        }
    }
}

}  // namespace
}  // namespace distkv::time
