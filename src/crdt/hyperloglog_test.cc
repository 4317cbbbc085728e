#include "crdt/hyperloglog.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "crdt/replica_test.h"

namespace distkv::crdt {
namespace {

using base::Bytes;

bool add(Replica& at, const std::vector<Bytes>& elements) {
    return at
        .run([&](const KeyState& state, const Writer& writer) {
            return sketch_add(state, elements, writer);
        })
        ->reply;
}

std::uint64_t count(const Replica& at) {
    return *sketch_count(at.state, at.now());
}

void delete_key(Replica& at) {
    ASSERT_TRUE(at.run([](const KeyState& state, const Writer& writer) {
                      return base::Result<Outcome<bool>>{
                          Outcome<bool>{true, clear_key(state, writer)}};
                  }).has_value());
}

TEST(HyperLogLog, Commands) {
    Replica one(1);
    EXPECT_EQ(count(one), 0U);
    EXPECT_TRUE(add(one, {}));  // A new key.
    EXPECT_FALSE(add(one, {}));
    EXPECT_EQ(type_at(one.state, one.now()), Type::kHyperLogLog);
    EXPECT_TRUE(add(one, {"a", "b"}));
    EXPECT_FALSE(add(one, {"a"}));
    EXPECT_TRUE(add(one, {"a", "c"}));
    EXPECT_EQ(count(one), 3U);
    Sketch other;
    other.add("d");
    other.add("a");
    EXPECT_TRUE(one.run([&](const KeyState& state, const Writer& writer) {
                       return sketch_merge(state, other, writer);
                   })
                    ->reply);
    EXPECT_EQ(count(one), 4U);
    delete_key(one);
    EXPECT_EQ(count(one), 0U);
    EXPECT_TRUE(add(one, {"a"}));
    EXPECT_EQ(count(one), 1U);
}

TEST(HyperLogLog, EveryRegionCountsForItself) {
    std::vector<Replica> both = {Replica(1), Replica(2)};
    add(both[0], {"a", "b"});
    sync(both);
    // Nothing new for the reader, but its own cell says it from now on.
    EXPECT_FALSE(add(both[1], {"a"}));
    EXPECT_EQ(both[1].log.size(), 1U);
    EXPECT_FALSE(add(both[1], {"a"}));
    EXPECT_EQ(both[1].log.size(), 1U);
    EXPECT_TRUE(add(both[1], {"c"}));
    delete_key(both[0]);
    sync(both);
    EXPECT_EQ(count(both[0]), 2U);  // "a" and "c", which the deletion did not see.
    EXPECT_EQ(both[0].digest_bytes(), both[1].digest_bytes());
}

TEST(HyperLogLog, RegionsTogetherCountTheUnion) {
    std::vector<Replica> all = {Replica(1), Replica(2), Replica(3)};
    base::Rng rng(3);
    Sketch plain;
    for (int i = 0; i < 3000; ++i) {
        const Bytes element = std::to_string(rng.below(2000));
        plain.add(element);
        add(all[rng.below(3)], {element});
        if (rng.below(50) == 0) {
            all[rng.below(3)].pull(all[rng.below(3)]);
        }
    }
    sync(all);
    for (const Replica& at : all) {
        EXPECT_EQ(*sketch_of(at.state, at.now()), plain);
        EXPECT_EQ(at.digest_bytes(), all[0].digest_bytes());
    }
}

TEST(HyperLogLog, DamageIsReported) {
    Replica one(1);
    add(one, {"a"});
    Effect damaged = one.log.back();
    damaged.cell.value = "?";
    one.state.put(damaged);
    EXPECT_EQ(sketch_count(one.state, one.now()).error().code, base::Errc::kCorrupt);
}

}  // namespace
}  // namespace distkv::crdt
