#include "crdt/list.h"

#include <deque>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/rng.h"
#include "crdt/replica_test.h"

namespace distkv::crdt {
namespace {

using base::Bytes;
using Values = std::vector<Bytes>;

Values contents(const Replica& replica) {
    return *list_range(replica.state, {}, replica.now());
}

void insert(Replica& at, std::int64_t index, const Bytes& value) {
    const auto done = at.run([&](const KeyState& state, const Writer& writer) {
        return list_insert(state, {Side::kBefore, index}, {{value}}, writer);
    });
    ASSERT_TRUE(done.has_value()) << to_string(done.error());
}

Bytes pop_front(Replica& at) {
    return at.run(list_pop_front)->reply.value_or("(none)");
}

void push_back(Replica& at, const Values& values) {
    ASSERT_TRUE(at.run([&](const KeyState& state, const Writer& writer) {
                      return list_push_back(state, values, writer);
                  }).has_value());
}

std::size_t longest_position(const KeyState& state) {
    std::size_t longest = 0;
    for (const Effect& cell : state.all(Tag::kListItem)) {
        longest = std::max(longest, cell.field.element.size());
    }
    return longest;
}

TEST(List, Commands) {
    Replica one(1);
    EXPECT_EQ(*list_length(one.state, one.now()), 0U);
    EXPECT_EQ(pop_front(one), "(none)");
    push_back(one, {"c", "d"});
    const Values front = {"b", "a"};
    const auto pushed = one.run([&](const KeyState& state, const Writer& writer) {
        return list_push_front(state, front, writer);
    });
    EXPECT_EQ(pushed->reply, 4U);
    EXPECT_EQ(contents(one), (Values{"a", "b", "c", "d"}));
    EXPECT_EQ(*list_at(one.state, 1, one.now()), "b");
    EXPECT_EQ(*list_at(one.state, -1, one.now()), "d");
    EXPECT_EQ(*list_at(one.state, 4, one.now()), std::nullopt);
    EXPECT_EQ(*list_at(one.state, -5, one.now()), std::nullopt);
    EXPECT_EQ(*list_range(one.state, {1, -2}, one.now()), (Values{"b", "c"}));
    EXPECT_EQ(*list_range(one.state, {-100, 0}, one.now()), (Values{"a"}));
    EXPECT_EQ(*list_range(one.state, {3, 100}, one.now()), (Values{"d"}));
    EXPECT_EQ(*list_range(one.state, {2, 1}, one.now()), Values{});
    const auto set = one.run([](const KeyState& state, const Writer& writer) {
        return list_set(state, -3, "B", writer);
    });
    EXPECT_EQ(set->reply, "b");
    const auto removed = one.run(
        [](const KeyState& state, const Writer& writer) { return list_remove(state, 2, writer); });
    EXPECT_EQ(removed->reply, "c");
    EXPECT_EQ(one.run(list_pop_back)->reply, "d");
    EXPECT_EQ(contents(one), (Values{"a", "B"}));
    EXPECT_EQ(*list_length(one.state, one.now()), 2U);
}

TEST(List, PlacesOfInsertion) {
    const struct {
        ListPlace place;
        std::string_view then;  // Empty: refused.
    } cases[] = {
        {{Side::kBefore, 0}, "xyabc"},  {{Side::kBefore, 2}, "abxyc"},
        {{Side::kBefore, 3}, "abcxy"},  {{Side::kBefore, 4}, ""},
        {{Side::kAfter, 0}, "axybc"},   {{Side::kAfter, 2}, "abcxy"},
        {{Side::kAfter, 3}, ""},        {{Side::kBefore, -1}, "abxyc"},
        {{Side::kBefore, -3}, "xyabc"}, {{Side::kBefore, -4}, ""},
        {{Side::kAfter, -1}, "abcxy"},  {{Side::kAfter, -3}, "axybc"},
        {{Side::kAfter, -4}, "xyabc"},
    };
    for (const auto& row : cases) {
        Replica one(1);
        push_back(one, {"a", "b", "c"});
        const Values xy = {"x", "y"};
        const auto done = one.run([&](const KeyState& state, const Writer& writer) {
            return list_insert(state, row.place, xy, writer);
        });
        Bytes all;
        for (const Bytes& value : contents(one)) {
            all += value;
        }
        EXPECT_EQ(done.has_value(), !row.then.empty());
        EXPECT_EQ(all, row.then.empty() ? "abc" : row.then);
    }
    Replica none(1);
    const Values x = {"x"};
    EXPECT_FALSE(none.run([&](const KeyState& state, const Writer& writer) {
                         return list_insert(state, {Side::kAfter, -1}, x, writer);
                     })
                     .has_value());
}

TEST(List, TrimKeepsTheRange) {
    Replica one(1);
    push_back(one, {"a", "b", "c", "d", "e"});
    const auto trimmed = one.run([](const KeyState& state, const Writer& writer) {
        return list_trim(state, {1, -2}, writer);
    });
    EXPECT_EQ(trimmed->reply, 2U);
    EXPECT_EQ(contents(one), (Values{"b", "c", "d"}));
    EXPECT_EQ(one.run([](const KeyState& state, const Writer& writer) {
                     return list_trim(state, {5, 9}, writer);
                 })
                  ->reply,
              3U);
    EXPECT_EQ(type_at(one.state, one.now()), Type::kNone);
}

// A store loads what a command walks over; the length is in the summary.
TEST(List, WhatCountsFromTheEndNeedsOnlyTheEnd) {
    Replica one(1);
    push_back(one, {"a", "b", "c", "d", "e"});
    for (int i = 0; i < 2; ++i) {
        const Field front = one.state.all(Tag::kListItem).front().field;
        one.state.erase(front);
    }
    one.state.whole = false;
    EXPECT_EQ(*list_range(one.state, {-2, -1}, one.now()), (Values{"d", "e"}));
    EXPECT_EQ(*list_range(one.state, {-2, 3}, one.now()), (Values{"d"}));
    EXPECT_EQ(*list_at(one.state, -3, one.now()), "c");
    push_back(one, {"f"});
    EXPECT_EQ(*list_length(one.state, one.now()), 6U);
    EXPECT_EQ(one.run([](const KeyState& state, const Writer& writer) {
                     return list_trim(state, {0, -3}, writer);
                 })
                  ->reply,
              2U);
    EXPECT_EQ(*list_range(one.state, {-2, -1}, one.now()), (Values{"c", "d"}));
}

TEST(List, RemovalTakesWhatItSaw) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    push_back(both[0], {"a", "b"});
    sync(both);
    const auto set = [&](Replica& at, std::int64_t index, const Bytes& value) {
        EXPECT_TRUE(at.run([&](const KeyState& state, const Writer& writer) {
                          return list_set(state, index, value, writer);
                      }).has_value());
    };
    // Both pop "a"; one sets "b" while the other removes it.
    EXPECT_EQ(pop_front(both[0]), "a");
    EXPECT_EQ(pop_front(both[1]), "a");
    EXPECT_EQ(pop_front(both[0]), "b");
    set(both[1], 0, "B");
    sync(both);
    EXPECT_EQ(contents(both[0]), Values{"B"});
    EXPECT_EQ(contents(both[1]), Values{"B"});
    // Two concurrent settings both stay.
    set(both[0], 0, "0");
    set(both[1], 0, "1");
    sync(both);
    EXPECT_EQ(contents(both[0]).size(), 2U);
    EXPECT_EQ(contents(both[0]), contents(both[1]));
}

TEST(List, ADeletedListIsNewWithoutExpiry) {
    Replica one(1);
    push_back(one, {"a"});
    const auto expire = [&] {
        return one.run([&](const KeyState& state, const Writer& writer) {
            return base::Result<Outcome<bool>>{
                Outcome<bool>{true,
                              {set_expiry(state, writer, ExpirySetting::Kind::kExpires,
                                          writer.dot.hlc.micros() / 1000 + 100)}}};
        });
    };
    ASSERT_TRUE(expire().has_value());
    EXPECT_EQ(pop_front(one), "a");
    push_back(one, {"b"});
    one.wait_ms(200);
    EXPECT_EQ(contents(one), Values{"b"});
    ASSERT_TRUE(expire().has_value());
    one.wait_ms(200);
    EXPECT_EQ(contents(one), Values{});
    push_back(one, {"c"});
    EXPECT_EQ(contents(one), Values{"c"});
    EXPECT_EQ(*list_length(one.state, one.now()), 1U);
}

TEST(List, DamagedPositionsAreReported) {
    Replica one(1);
    push_back(one, {"a"});
    one.state.put({{Tag::kListItem, "zz", {model::RegionId{2}, 1}},
                   {.dot = {{5}, {model::RegionId{2}, 1}}, .kind = Kind::kValue, .value = "?"}});
    const Values x = {"x"};
    const auto done = one.run([&](const KeyState& state, const Writer& writer) {
        return list_push_front(state, x, writer);
    });
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, base::Errc::kCorrupt);
}

// One region inserting in random places is a vector, and depth stays logarithmic.
TEST(List, RandomInsertionsAreAVector) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        base::Rng rng(seed);
        Replica one(1);
        Values model;
        for (int i = 0; i < 1000; ++i) {
            const auto at = static_cast<std::int64_t>(rng.below(model.size() + 1));
            insert(one, at, std::to_string(i));
            model.insert(model.begin() + at, std::to_string(i));
        }
        EXPECT_EQ(contents(one), model);
        EXPECT_LT(longest_position(one.state), 500U);
    }
}

TEST(List, TooManyInsertionsInsideOfOneAnotherAreRefused) {
    Replica one(1);
    push_back(one, {"first", "last"});
    for (int count = 0; count < 10'000; ++count) {
        const auto length = static_cast<std::int64_t>(*list_length(one.state, one.now()));
        const Values x = {"x"};
        const auto done = one.run([&](const KeyState& state, const Writer& writer) {
            return list_insert(state, {Side::kBefore, length / 2}, x, writer);
        });
        if (!done.has_value()) {
            EXPECT_EQ(done.error().code, base::Errc::kInvalid);
            EXPECT_NE(done.error().detail.find("4096"), Bytes::npos) << done.error().detail;
            EXPECT_GT(count, 250);
            EXPECT_LE(longest_position(one.state), base::limits::kListPositionBytesMax);
            // Elsewhere the list goes on.
            push_back(one, {"end"});
            return;
        }
    }
    FAIL() << "no limit";
}

// Types a text of its own at a place: forwards, backwards, or to and fro inside of it.
void type(Replica& at, std::int64_t place, const Bytes& name, std::uint64_t style, base::Rng& rng) {
    for (std::uint64_t written = 0; written < 6; ++written) {
        const std::uint64_t inside = style == 0 ? written : style == 1 ? 0 : rng.below(written + 1);
        insert(at, place + static_cast<std::int64_t>(inside), name);
    }
}

TEST(List, ConcurrentRunsAtOnePlaceNeverInterleave) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        base::Rng rng(seed);
        std::vector<Replica> regions;
        for (std::uint64_t i = 0; i < 2 + rng.below(3); ++i) {
            regions.emplace_back(1 + i);
        }
        // A list with a past: everybody inserted and removed, sometimes unseen by the others.
        for (std::uint64_t i = 0; i < rng.below(25); ++i) {
            Replica& at = regions[rng.below(regions.size())];
            const std::uint64_t length = *list_length(at.state, at.now());
            const auto place = static_cast<std::int64_t>(rng.below(length + 1));
            if (rng.below(3) == 0) {
                at.run([&](const KeyState& state, const Writer& writer) {
                      return list_remove(state, place, writer);
                  }).value();
            } else {
                insert(at, place, "-");
            }
            if (rng.below(2) == 0) {
                sync(regions);
            }
        }
        sync(regions);
        const std::uint64_t length = *list_length(regions[0].state, regions[0].now());
        const auto place = static_cast<std::int64_t>(rng.below(length + 1));
        for (Replica& region : regions) {
            type(region, place, std::to_string(region.origin.region.value), rng.below(3), rng);
        }
        sync(regions);
        const Values all = contents(regions[0]);
        std::map<Bytes, int> blocks;
        for (std::size_t i = 0; i < all.size(); ++i) {
            blocks[all[i]] += all[i] != "-" && (i == 0 || all[i - 1] != all[i]) ? 1 : 0;
        }
        for (const auto& [name, count] : blocks) {
            ASSERT_LE(count, 1) << "seed " << seed << ": " << name << " is torn apart";
        }
        for (const Replica& region : regions) {
            ASSERT_EQ(contents(region), all) << "seed " << seed;
        }
    }
}

// What is removed is collected at once, as if everybody were quick.
void collect(Replica& at) {
    model::VersionVector settled = at.seen;
    const Header header = header_of(at.state);
    std::vector<Field> fields;
    at.state.for_each_group(Tag::kListItem, [&](KeyState::Group group) {
        for (const Field& field : garbage(group, header, settled)) {
            fields.push_back(field);
        }
    });
    for (const Field& field : fields) {
        at.state.erase(field);
    }
}

TEST(List, AQueueKeepsItsPositionsShort) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    std::deque<Bytes> model;
    std::size_t longest = 0;
    for (int i = 0; i < 100'000; ++i) {
        Replica& at = both[static_cast<std::size_t>(i % 2)];
        Replica& other = both[static_cast<std::size_t>(1 - i % 2)];
        const Bytes value = std::to_string(i);
        push_back(at, {value});
        model.push_back(value);
        if (i >= 20) {
            ASSERT_EQ(pop_front(at), model.front());
            model.pop_front();
        }
        other.pull(at);
        collect(at);
        collect(other);
        longest = std::max(longest, longest_position(at.state));
    }
    EXPECT_EQ(contents(both[0]), Values(model.begin(), model.end()));
    EXPECT_LE(longest, 17U);  // One step.
}

}  // namespace
}  // namespace distkv::crdt
