#include "storage/change_set.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "crdt/writer.h"
#include "storage/version_key.h"

namespace distkv::storage {
namespace {

using base::Bytes;
using crdt::Tag;

constexpr model::Origin kVirginia{{1}, 0};

ChangeSet example() {
    crdt::KeyState state;
    const model::VersionVector seen;
    const crdt::Writer writer{{{16}, kVirginia}, seen};
    std::vector<crdt::Dropped> dropped;
    ChangeSet changes;
    changes.keys.push_back(merge_into(state, {{1}, {2}, "k"},
                                      {crdt::set_value(state, Tag::kRegister, {}, writer, "v")},
                                      dropped));
    crdt::KeyState set;
    changes.keys.push_back(merge_into(
        set, {{1}, {2}, "s"}, {crdt::set_value(set, Tag::kMember, "m", writer, "")}, dropped));
    return changes;
}

TEST(ChangeSet, GoldenBytes) {
    const Bytes golden(
        "\x01\x02"
        "\x01\x02\x01k\x00\x01"
        "\x40\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x03\x01\x01v"
        "\x01\x02\x01s\x01\x10\x01\x00\x01\x07\x01\x01\x01\x00\x10\x00\x00\x00\x00\x00\x00\x00"
        "\x01\x48\x01m\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x01\x01",
        2 + 6 + 16 + 22 + 17);
    EXPECT_EQ(encode_change_set(example()), golden);
    const auto decoded = decode_change_set(golden);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().detail;
    EXPECT_EQ(*decoded, example());
}

TEST(ChangeSet, EveryTruncationIsRefusedAndEveryFlipSurvived) {
    const Bytes bytes = encode_change_set(example());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_change_set(bytes.substr(0, size)).has_value()) << size;
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Bytes flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        if (const auto decoded = decode_change_set(flipped)) {
            EXPECT_EQ(decode_change_set(encode_change_set(*decoded)).value(), *decoded) << bit;
        }
    }
}

// A plain SET over a plain register is one row; the summary comes with whatever is more.
TEST(ChangeSet, APlainStringIsOneRow) {
    EXPECT_EQ(to_batch({{example().keys[0]}}).changes().size(), 1U);
    EXPECT_EQ(to_batch({{example().keys[1]}}).changes().size(), 2U);
}

TEST(ChangeSet, AVersionThatLostStandsBeneath) {
    crdt::KeyState state;
    const model::VersionVector seen;
    std::vector<crdt::Dropped> dropped;
    const model::KeyName name{{1}, {2}, "k"};
    const crdt::Writer late{{{20}, kVirginia}, seen};
    const crdt::Writer early{{{10}, {{2}, 0}}, seen};
    const auto lost = crdt::set_value(state, Tag::kRegister, {}, early, "early");
    merge_into(state, name, {crdt::set_value(state, Tag::kRegister, {}, late, "late")}, dropped);
    const KeyChange change = merge_into(state, name, {lost}, dropped);
    EXPECT_EQ(change.effects.size(), 1U);
    ASSERT_EQ(dropped.size(), 1U);
    EXPECT_EQ(dropped.front().rule, crdt::Rule::kLastWriter);
    EXPECT_EQ(dropped.front().loser.value, "early");
}

}  // namespace
}  // namespace distkv::storage
