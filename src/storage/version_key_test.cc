#include "storage/version_key.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::storage {
namespace {

using base::Bytes;
using crdt::Field;
using crdt::Tag;
using model::KeyName;

constexpr model::Origin kIreland{{2}, 3};

TEST(VersionKey, GoldenBytes) {
    const KeyName name{{5}, {0x1234}, Bytes("a\0b", 3)};
    const Bytes prefix(
        "\x00\x00\x00\x05\x12\x34"
        "a\x00\xff"
        "b\x00\x00",
        12);
    EXPECT_EQ(key_prefix(name), prefix);
    const model::Dot dot{{0x0102030405060708}, kIreland};
    EXPECT_EQ(
        version_key(name, {.tag = Tag::kRegister}, dot),
        prefix + Bytes("\x40\x02\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xff\xfd\xff\xff\xff\xfc", 16));
    EXPECT_EQ(version_key(name, {Tag::kMapField, "f", kIreland}, dot),
              prefix + Bytes("\x58"
                             "f\x00\x00\x00\x02\x00\x00\x00\x03\x02"
                             "\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7",
                             19));
    EXPECT_EQ(
        version_key(name, {Tag::kHeader, "", kIreland}, dot),
        prefix + Bytes("\x08\x00\x02\x00\x00\x00\x03\x02\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7", 16));
    EXPECT_EQ(intent_key(name, {.tag = Tag::kRegister}), prefix + Bytes("\x40\x01", 2));
    EXPECT_EQ(summary_key(name), prefix + Bytes("\x10", 1));
    EXPECT_EQ(applied_key({7}), Bytes("\0\0\0\0\x01\0\0\0\0\0\0\0\x07", 13));
    EXPECT_EQ(threshold_key({7}), Bytes("\0\0\0\0\x02\0\0\0\0\0\0\0\x07", 13));
}

Bytes random_bytes(base::Rng& rng) {
    static constexpr char kBytes[] = {'\0', '\1', 'a', '\xfe', '\xff'};
    Bytes out;
    for (auto left = rng.below(4); left > 0; --left) {
        out += kBytes[rng.below(sizeof kBytes)];
    }
    return out;
}

VersionKey random_version(base::Rng& rng) {
    static constexpr Tag kTags[] = {Tag::kHeader,   Tag::kCount,     Tag::kRegister, Tag::kMember,
                                    Tag::kMapField, Tag::kMapAmount, Tag::kListItem};
    VersionKey key;
    key.name = {{1 + rng.below(2)}, {rng.below(3) * 8191}, random_bytes(rng)};
    key.field.tag = kTags[rng.below(std::size(kTags))];
    const model::Origin origin{{rng.below(3)}, rng.below(2) * model::kIncarnationMax};
    key.dot = {{rng.below(3) << rng.below(60)}, origin};
    if (crdt::has_element(key.field.tag)) {
        key.field.element = random_bytes(rng);
    }
    if (!crdt::is_shared(key.field.tag)) {
        key.field.owner = origin;
    }
    return key;
}

Bytes encoded(const VersionKey& key) {
    return version_key(key.name, key.field, key.dot);
}

// Keys, then cells in the order of their fields, then versions, newest first.
bool stands_before(const VersionKey& a, const VersionKey& b) {
    if (a.name != b.name) {
        return a.name < b.name;
    }
    return a.field != b.field ? a.field < b.field : b.dot < a.dot;
}

TEST(VersionKey, OrderIsByKeyThenFieldThenNewestFirst) {
    base::Rng rng(1);
    for (int i = 0; i < 200'000; ++i) {
        const VersionKey a = random_version(rng);
        const VersionKey b = random_version(rng);
        ASSERT_EQ(encoded(a) < encoded(b), stands_before(a, b)) << i;
    }
}

TEST(VersionKey, SurvivesEncodingAndKnowsItsParts) {
    base::Rng rng(2);
    for (int i = 0; i < 50'000; ++i) {
        const VersionKey key = random_version(rng);
        const Bytes bytes = encoded(key);
        const auto decoded = decode_version_key(bytes);
        ASSERT_TRUE(decoded.has_value());
        ASSERT_EQ(*decoded, key);
        const auto extents = extents_of(bytes);
        ASSERT_TRUE(extents.has_value());
        ASSERT_EQ(bytes.substr(0, extents->key), key_prefix(key.name));
        ASSERT_EQ(bytes.substr(0, extents->field), field_prefix(key.name, key.field));
        ASSERT_TRUE(bytes.starts_with(element_prefix(key.name, key.field.tag, key.field.element)));
        const Range slot = slots(key.name.keyspace, {key.name.slot, {key.name.slot.value + 1}});
        ASSERT_TRUE(slot.from <= bytes && bytes < slot.until);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            ASSERT_FALSE(decode_version_key(bytes.substr(0, size)).has_value()) << size;
        }
        ASSERT_FALSE(decode_version_key(bytes + '\0').has_value());
    }
}

TEST(VersionKey, VersionsBeginAtAStamp) {
    const KeyName name{{1}, {0}, "k"};
    const Field field{.tag = Tag::kRegister};
    const Bytes from = versions_from(field_prefix(name, field), {100});
    EXPECT_LT(from, version_key(name, field, {{100}, kIreland}));
    EXPECT_LT(from, version_key(name, field, {{99}, kIreland}));
    EXPECT_GT(from, version_key(name, field, {{101}, kIreland}));
    EXPECT_GT(from, intent_key(name, field));
}

TEST(VersionKey, BehindAPrefixStandsNothingOfIt) {
    EXPECT_EQ(behind("a"), "b");
    EXPECT_EQ(behind("a\xff\xff"), "b");
    EXPECT_EQ(behind(Bytes("\0", 1)), "\x01");
}

}  // namespace
}  // namespace distkv::storage
