#include "crdt/expiry.h"

#include <gtest/gtest.h>

#include "crdt/map.h"
#include "crdt/replica_test.h"
#include "crdt/string.h"

namespace distkv::crdt {
namespace {

auto setting(const base::Bytes& value, StringSet options = {}) {
    return [=](const KeyState& state, const Writer& writer) {
        return string_set(state, value, options, writer);
    };
}
auto expiring(std::uint64_t at_ms) {
    return [=](const KeyState& state, const Writer& writer) {
        return expire_at(state, at_ms, writer);
    };
}

std::uint64_t ms_of(const Replica& replica) {
    return replica.now().micros() / 1000;
}

std::optional<std::uint64_t> expiry(const Replica& replica) {
    return expiry_of(replica.state, replica.now()).at_ms;
}

struct Pair {
    Replica a{1};
    Replica b{2};
    std::uint64_t start = 0;

    Pair() {
        EXPECT_TRUE(a.run(setting("x")));
        exchange();
        start = ms_of(a);
    }
    void exchange() {
        a.pull(b);
        b.pull(a);
        EXPECT_EQ(a.digest_bytes(), b.digest_bytes());
    }
};

TEST(Expiry, AKeyGoesWhenItsTimeHasCome) {
    Replica a(1);
    EXPECT_FALSE(a.run(expiring(5))->reply);  // No such key.
    ASSERT_TRUE(a.run(setting("x")));
    EXPECT_TRUE(a.run(expiring(ms_of(a) + 10))->reply);
    a.wait_ms(9);
    EXPECT_EQ(*string_get(a.state, a.now()), "x");
    a.wait_ms(1);
    EXPECT_EQ(*string_get(a.state, a.now()), std::nullopt);
    EXPECT_EQ(expiry_of(a.state, a.now()), Expiry{});
    EXPECT_FALSE(a.run(persist)->reply);
    ASSERT_TRUE(a.run(setting("y", {.keeps_ttl = true})));  // Nothing to keep.
    EXPECT_EQ(expiry_of(a.state, a.now()), (Expiry{.exists = true}));
}

TEST(Expiry, ATimeThatHasComeDeletes) {
    Replica a(1);
    ASSERT_TRUE(a.run(setting("x")));
    EXPECT_TRUE(a.run(expiring(0))->reply);
    EXPECT_EQ(type_at(a.state, a.now()), Type::kNone);
}

TEST(Expiry, TheLongestWinsBetweenConcurrentSettings) {
    Pair pair;
    ASSERT_TRUE(pair.a.run(expiring(pair.start + 100)));
    ASSERT_TRUE(pair.b.run(expiring(pair.start + 50)));
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), pair.start + 100);
    ASSERT_TRUE(pair.b.run(expiring(pair.start + 20)));  // Has seen both.
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), pair.start + 20);
}

TEST(Expiry, ToPersistBeatsWhatIsConcurrent) {
    Pair pair;
    ASSERT_TRUE(pair.a.run(expiring(pair.start + 100)));
    pair.exchange();
    EXPECT_TRUE(pair.a.run(persist)->reply);
    ASSERT_TRUE(pair.b.run(expiring(pair.start + 200)));
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), std::nullopt);
    ASSERT_TRUE(pair.b.run(expiring(pair.start + 70)));
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), pair.start + 70);
}

TEST(Expiry, AValueWrittenAnewHasNone) {
    Pair pair;
    ASSERT_TRUE(pair.a.run(expiring(pair.start + 100)));
    pair.exchange();
    ASSERT_TRUE(pair.b.run(setting("y", {.keeps_ttl = true})));
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), pair.start + 100);
    ASSERT_TRUE(pair.b.run(setting("z")));
    pair.exchange();
    EXPECT_EQ(expiry(pair.a), std::nullopt);
}

TEST(Expiry, TheTtlIsKeptOverAnotherType) {
    Pair pair;
    const MapEntry entry{"f", "v"};
    ASSERT_TRUE(pair.a.run(key_remove));
    ASSERT_TRUE(pair.a.run([&](const KeyState& state, const Writer& writer) {
        return map_set(state, {&entry, 1}, writer);
    }));
    ASSERT_TRUE(pair.a.run(expiring(pair.start + 100)));
    ASSERT_TRUE(pair.a.run(setting("x", {.keeps_ttl = true})));
    pair.exchange();
    EXPECT_EQ(expiry(pair.b), pair.start + 100);
    EXPECT_EQ(*string_get(pair.b.state, pair.b.now()), "x");
}

TEST(Expiry, AWriteToAnExpiredKeyDeletesWhatWasThere) {
    Pair pair;
    ASSERT_TRUE(pair.a.run(expiring(pair.start + 10)));
    pair.exchange();
    pair.b.wait_ms(10);
    ASSERT_TRUE(pair.b.run([](const KeyState& state, const Writer& writer) {
        return string_increment(state, 5, writer);
    }));
    pair.exchange();
    EXPECT_EQ(*string_get(pair.a.state, pair.a.now()), "5");
    EXPECT_EQ(expiry(pair.a), std::nullopt);
}

}  // namespace
}  // namespace distkv::crdt
