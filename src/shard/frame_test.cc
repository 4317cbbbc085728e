#include "shard/frame.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::shard {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using base::Bytes;
using base::Errc;

std::string hex(base::ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text.push_back(kDigits[static_cast<unsigned char>(c) >> 4U]);
        text.push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
    }
    return text;
}

constexpr GroupId kGroup{300};

raft::Message wake() {
    raft::Message m;
    m.kind = raft::MessageKind::kWake;
    m.from = {1};
    m.to = {2};
    m.term = 300;
    return m;
}

SnapshotOffer offer() {
    return {.group = kGroup,
            .from = {1},
            .to = {2},
            .term = 300,
            .transfer = 5,
            .size = 65'536,
            .crc = 0x01020304,
            .mark = {.at = {7, 3}, .membership = {.voters = {{.id = {1}}}}}};
}

SnapshotChunk chunk(Bytes bytes) {
    return {.group = kGroup, .transfer = 5, .offset = 128, .bytes = std::move(bytes)};
}

struct Golden {
    Item item;
    std::string bytes;
};

// One of each kind, in the order of the kinds.
std::vector<Golden> golden() {
    return {
        {GroupMessage{kGroup, wake()}, "01ac02010d0102ac0200"},
        {Pulse{9, time::MonoTime(0x0102ns), 128ns, 0xfedcba9876543210, {0x0807060504030201}},
         "0209020100000000000080011032547698badcfe0102030405060708"},
        {PulseAnswer{
             9, time::MonoTime(0x7fffffffffffffffns), 1ns, false, {{kGroup, 5}, {{1}, 128}}},
         "0309ffffffffffffff7f010002ac0205018001"},
        {Rouse{{{1}, kGroup}}, "040201ac02"},
        {QuorumAsk{kGroup, {1}, 9}, "05ac020109"},
        {QuorumAnswer{kGroup, {2}, 9, {.durable_last = 128, .repairing = true}},
         "06ac020209800101"},
        {offer(), "07ac020102ac0205808004040302010e0107030a01010100000100000001"},
        {SnapshotWant{kGroup, 5, 128}, "08ac02058001"},
        {chunk("xyz"), "09ac020580010378797a"},
        {SnapshotTaken{kGroup, {2}, 5, true}, "0aac02020501"},
    };
}

Bytes frame_of(const std::vector<Item>& items) {
    base::Encoder out;
    out.fixed(kFrameVersion);
    for (const Item& item : items) {
        encode(item, out);
    }
    return std::move(out).take();
}

Bytes whole_frame() {
    std::vector<Item> items;
    for (const Golden& golden : golden()) {
        items.push_back(golden.item);
    }
    return frame_of(items);
}

// What nodes of other versions say must stay readable: never change these expectations.
TEST(ShardFrame, GoldenBytesOfEachKind) {
    for (const auto& [item, bytes] : golden()) {
        const Bytes frame = frame_of({item});
        EXPECT_EQ(hex(frame), "01" + bytes);
        EXPECT_EQ(decode_frame(frame).value(), std::vector{item}) << bytes;
    }
    EXPECT_EQ(golden().size(), std::variant_size_v<Item>);
}

TEST(ShardFrame, ManyItemsStandBehindEachOther) {
    std::string expected = "01";
    std::vector<Item> items;
    for (const auto& [item, bytes] : golden()) {
        expected += bytes;
        items.push_back(item);
    }
    EXPECT_EQ(hex(whole_frame()), expected);
    EXPECT_EQ(decode_frame(whole_frame()).value(), items);
    EXPECT_TRUE(decode_frame("\x01").value().empty());
}

TEST(ShardFrame, AMessageIsTheSameWithoutAnItem) {
    base::Encoder direct;
    encode(kGroup, wake(), direct);
    base::Encoder item;
    encode(Item(GroupMessage{kGroup, wake()}), item);
    EXPECT_EQ(direct.view(), item.view());
}

TEST(ShardFrame, IsWholeOnlyBetweenItems) {
    const Bytes whole = whole_frame();
    std::vector<std::size_t> ends = {1};
    for (const Golden& golden : golden()) {
        ends.push_back(ends.back() + golden.bytes.size() / 2);
    }
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const auto cut = decode_frame(base::ByteView(whole).substr(0, size));
        ASSERT_EQ(cut.has_value(), std::ranges::find(ends, size) != ends.end()) << size;
        if (!cut) {
            EXPECT_EQ(cut.error().code, Errc::kCorrupt) << size;
        }
    }
}

TEST(ShardFrame, MalformedOnesAreCorruptAndSayWhy) {
    const std::string moment(8, '\0');
    const std::string much = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s;
    const struct {
        Bytes bytes;
        std::string_view why;
    } cases[] = {
        {"", "the input ends early: 1 bytes were expected, 0 are left"},
        {"\0"s, "version 0"},
        {"\x02"s, "version 2"},
        {"\x01\0"s, "an item of the unknown kind 0"},
        {"\x01\x0b"s, "an item of the unknown kind 11"},
        {"\x01\xff"s, "an item of the unknown kind 255"},
        // What is well-formed before it does not help.
        {"\x01\x08\x01\x01\x01\x0b"s, "an item of the unknown kind 11"},
        {"\x01\x01\x07\x01\x0e\x01\x02\x03\x00"s, "a raft message is of kind 14"},
        {"\x01\x03\x01"s + moment + "\x01\x02\0"s, "a flag is neither 0 nor 1"},
        {"\x01\x06\x01\x01\x01\x01\x02"s, "a flag is neither 0 nor 1"},
        {"\x01\x0a\x01\x01\x01\xff"s, "a flag is neither 0 nor 1"},
        // 60 s and 1 ns; as much as a number can be.
        {"\x01\x02\x01"s + moment + "\x81\xb0\x9d\xc2\xdf\x01"s + moment,
         "a lease is longer than a minute"},
        {"\x01\x02\x01"s + moment + much + moment, "a lease is longer than a minute"},
        {"\x01\x03\x01"s + moment + much + "\x01\0"s, "a lease is longer than a minute"},
        {"\x01\x04\x81\x80\x01"s, "a list of 16385 groups; at most 16384 are on one host"},
        {"\x01\x04"s + much, "a list of 18446744073709551615 groups"},
        {"\x01\x03\x01"s + moment + "\x01\0\x81\x80\x01"s, "a list of 16385 groups"},
        // Promised and not there: nothing is reserved for it.
        {"\x01\x04\x80\x80\x01\x01"s, "the input ends early"},
        {"\x01\x09\x01\x01\x01\x81\x80\x10"s, "a byte string of 262145 bytes; at most 262144"},
        {"\x01\x07\x01\x01\x02\x03\x04\x05\x01\x02\x03\x04\x81\x80\x04"s,
         "a byte string of 65537 bytes; at most 65536"},
        {"\x01\x07\x01\x01\x02\x03\x04\x05\x01\x02\x03\x04\x01\x02"s, "version 2"},
        {"\x01\x08\x80\x00\x01\x01"s, "a varint that is not in its shortest form"},
    };
    for (const auto& [bytes, why] : cases) {
        const auto frame = decode_frame(bytes);
        ASSERT_FALSE(frame.has_value()) << why;
        EXPECT_EQ(frame.error().code, Errc::kCorrupt);
        EXPECT_TRUE(frame.error().detail.contains(why))
            << frame.error().detail << ", expected: " << why;
    }
}

TEST(ShardFrame, TheLargestThatAreAllowedComeBack) {
    const std::vector<Item> items = {
        Pulse{.number = UINT64_MAX, .lease = 1min}, Rouse{std::vector<GroupId>(kGroupsMax, kGroup)},
        PulseAnswer{.asleep = std::vector<Sleeper>(kGroupsMax, Sleeper{kGroup, UINT64_MAX})},
        chunk(Bytes(kChunkBytesMax, 'x'))};
    EXPECT_EQ(decode_frame(frame_of(items)).value(), items);
}

TEST(ShardFrame, NobodyPromisesLessThanNothing) {
    const auto items = decode_frame(frame_of({Pulse{.lease = -5ns}})).value();
    EXPECT_EQ(std::get<Pulse>(items.at(0)).lease, 0ns);
}

// One flipped bit gives another frame or an error, never a crash.
TEST(ShardFrame, DamageIsTakenForWhatItIsOrRefused) {
    const Bytes whole = whole_frame();
    int refused = 0;
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        Bytes damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1U << (bit % 8)));
        const auto items = decode_frame(damaged);
        refused += items ? 0 : 1;
        if (items) {
            EXPECT_EQ(frame_of(*items), damaged) << bit;
        }
    }
    EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace distkv::shard
