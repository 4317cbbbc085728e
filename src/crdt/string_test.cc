#include "crdt/string.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crdt/counted.h"
#include "crdt/expiry.h"
#include "crdt/replica_test.h"
#include "crdt/set.h"

namespace distkv::crdt {
namespace {

auto setting(const base::Bytes& value, StringSet options = {}) {
    return [=](const KeyState& state, const Writer& writer) {
        return string_set(state, value, options, writer);
    };
}
auto adding(std::int64_t by) {
    return [=](const KeyState& state, const Writer& writer) {
        return string_increment(state, by, writer);
    };
}
auto set_adding(const base::Bytes& member) {
    return [=](const KeyState& state, const Writer& writer) {
        return set_add(state, SetKind::kAddWins, {&member, 1}, writer);
    };
}

std::string shown(const Replica& replica) {
    return string_get(replica.state, replica.now())->value_or("nil");
}

void exchange(Replica& a, Replica& b) {
    a.pull(b);
    b.pull(a);
    EXPECT_EQ(a.digest_bytes(), b.digest_bytes());
}

TEST(String, WhatRedisCallsAnInteger) {
    for (const auto* text : {"0", "7", "-1", "9223372036854775807", "-9223372036854775808"}) {
        EXPECT_TRUE(parse_integer(text)) << text;
    }
    for (const auto* text :
         {"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "9223372036854775808", "0x1", "a"}) {
        EXPECT_FALSE(parse_integer(text)) << text;
    }
}

TEST(String, APlainSetOverAPlainRegisterIsOneCell) {
    Replica a(1);
    ASSERT_TRUE(a.run(setting("x")));
    const auto outcome = a.run(setting("y"));
    ASSERT_EQ(outcome->effects.size(), 1U);
    EXPECT_EQ(outcome->effects[0].field, (Field{.tag = Tag::kRegister}));
    EXPECT_LE(encode_cell(outcome->effects[0].cell).size(), 3U);
    EXPECT_EQ(shown(a), "y");
}

TEST(String, AnIncrementIsTheOwnersAmountAlone) {
    Replica a(1);
    ASSERT_TRUE(a.run(setting("40")));
    const auto outcome = a.run(adding(2));
    ASSERT_EQ(outcome->effects.size(), 1U);
    EXPECT_EQ(outcome->effects[0].field, (Field{.tag = Tag::kCount, .owner = a.origin}));
    EXPECT_EQ(outcome->reply, 42);
}

TEST(String, IncrementsAddToWhateverWins) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(setting("10")));
    exchange(a, b);
    ASSERT_TRUE(a.run(adding(1)));
    ASSERT_TRUE(b.run(adding(5)));
    exchange(a, b);
    EXPECT_EQ(shown(a), "16");
    ASSERT_TRUE(a.run(setting("100")));  // Takes away what it saw,
    ASSERT_TRUE(b.run(adding(7)));       // and not what it did not see.
    exchange(a, b);
    EXPECT_EQ(shown(a), "107");
}

TEST(String, ADeletedCounterKeepsWhatTheDeletionDidNotSee) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(b.run(adding(30)));
    exchange(a, b);
    ASSERT_TRUE(a.run(key_remove)->reply);
    ASSERT_TRUE(b.run(adding(4)));
    exchange(a, b);
    EXPECT_EQ(shown(a), "4");
}

TEST(String, BesideATextThatIsNoIntegerAmountsDoNotShow) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(setting("red")));
    ASSERT_TRUE(b.run(adding(4)));
    exchange(a, b);
    EXPECT_EQ(shown(a), "red");
    EXPECT_EQ(a.run(adding(1)).error().detail, "value is not an integer or out of range");
    ASSERT_TRUE(a.run(setting("1")));
    EXPECT_EQ(shown(a), "1");
}

TEST(String, SumsThatWouldOverflowAreRefused) {
    Replica a(1);
    ASSERT_TRUE(a.run(setting("9223372036854775800")));
    EXPECT_EQ(a.run(adding(7))->reply, INT64_MAX);
    EXPECT_EQ(a.run(adding(1)).error().detail, "increment or decrement would overflow");
    EXPECT_EQ(a.run(adding(-1))->reply, INT64_MAX - 1);
}

TEST(String, AShareThatWouldOverflowBecomesAValue) {
    Replica a(1);
    ASSERT_TRUE(a.run(setting("-9223372036854775808")));
    EXPECT_EQ(a.run(adding(INT64_MAX))->reply, -1);
    const auto outcome = a.run(adding(INT64_MAX));
    EXPECT_EQ(outcome->reply, INT64_MAX - 1);
    EXPECT_EQ(shown(a), std::to_string(INT64_MAX - 1));
}

TEST(String, TheLastWriterWinsAndALoserIsReported) {
    Replica a(1);
    Replica b(2);
    const auto first = a.run(setting("a"));
    b.wait_ms(1);
    const auto second = b.run(setting("b"));
    const Merged at_a = merge(a.state, second->effects[0]);
    const Merged at_b = merge(b.state, first->effects[0]);
    for (const Merged& merged : {at_a, at_b}) {
        ASSERT_EQ(merged.dropped.size(), 1U);
        EXPECT_EQ(merged.dropped[0].rule, Rule::kLastWriter);
        EXPECT_EQ(merged.dropped[0].loser.value, "a");
        EXPECT_EQ(merged.dropped[0].winner, second->effects[0].cell.dot);
    }
    EXPECT_EQ(shown(a), "b");
}

TEST(String, ASetOverAnotherTypeDeletesIt) {
    Replica a(1);
    Replica b(2);
    ASSERT_TRUE(a.run(set_adding("m")));
    EXPECT_TRUE(string_get(a.state, a.now()).error().detail.starts_with("WRONGTYPE"));
    EXPECT_TRUE(a.run(adding(1)).error().detail.starts_with("WRONGTYPE"));
    ASSERT_TRUE(a.run(setting("x")));
    EXPECT_EQ(shown(a), "x");
    exchange(a, b);
    EXPECT_EQ(shown(b), "x");
}

TEST(String, OfConcurrentTypesTheGreaterShowsAndTheOtherIsReported) {
    Replica a(1);
    Replica b(2);
    const auto string = a.run(setting("x"));
    const auto member = b.run(set_adding("m"));
    const Merged at_a = merge(a.state, member->effects[0]);
    const Merged at_b = merge(b.state, string->effects[0]);
    EXPECT_EQ(type_at(a.state, a.now()), Type::kAddWinsSet);
    EXPECT_EQ(type_at(b.state, b.now()), Type::kAddWinsSet);
    for (const Merged& merged : {at_a, at_b}) {
        ASSERT_EQ(merged.dropped.size(), 1U);
        EXPECT_EQ(merged.dropped[0].rule, Rule::kGreaterType);
        EXPECT_EQ(merged.dropped[0].loser.value, "x");
    }
}

TEST(String, OverDeadCellsAnotherTypeJustBegins) {
    Replica a(1);
    ASSERT_TRUE(a.run(set_adding("m")));
    ASSERT_TRUE(a.run(key_remove)->reply);
    EXPECT_EQ(type_at(a.state, a.now()), Type::kNone);
    EXPECT_FALSE(a.run(key_remove)->reply);
    EXPECT_EQ(a.run(adding(3))->reply, 3);
    EXPECT_EQ(shown(a), "3");
}

TEST(String, TooLongAValueIsRefused) {
    Replica a(1);
    const auto refused = a.run(setting(base::Bytes(base::limits::kValueBytesMax + 1, 'x')));
    EXPECT_EQ(refused.error(),
              (base::Error{base::Errc::kInvalid, "a value of 16777217 bytes, at most 16777216"}));
}

TEST(String, AMillionIncrementsStaySmall) {
    std::vector<Replica> regions;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        regions.emplace_back(i);
    }
    for (int i = 0; i < 1'000'000; ++i) {
        Replica& region = regions[static_cast<std::size_t>(i % 3)];
        const Effect effect = region.run(adding(1))->effects[0];
        region.log.clear();
        for (Replica& other : regions) {
            if (i % 1000 < 3) {
                other.take(effect);
            }
        }
    }
    for (Replica& to : regions) {
        for (const Replica& from : regions) {
            to.take(
                {{Tag::kCount, {}, from.origin}, *from.state.find(Tag::kCount, {}, from.origin)});
        }
        EXPECT_EQ(shown(to), "1000000");
        EXPECT_EQ(to.state.all().size(), 3U);
        std::size_t bytes = 0;
        for (const Effect& cell : to.state.all()) {
            bytes += encode_cell(cell.cell).size();
        }
        EXPECT_LE(bytes, 3 * 16U);
    }
}

}  // namespace
}  // namespace distkv::crdt
