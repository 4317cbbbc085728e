#include "raft/entry.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::raft {
namespace {

using namespace std::string_view_literals;
using base::Errc;

// What is on disk must stay readable: never change these expectations.
TEST(Entry, GoldenBytes) {
    const struct {
        EntryKind kind;
        base::Bytes body;
        base::ByteView bytes;
    } cases[] = {
        {EntryKind::kNormal, "set x", "\x01\x01set x"sv},
        {EntryKind::kNormal, "", "\x01\x01"sv},
        {EntryKind::kNoop, "", "\x01\x02"sv},
        {EntryKind::kMembership, base::Bytes("\0\xff", 2), "\x01\x03\0\xff"sv},
    };
    for (const auto& [kind, body, bytes] : cases) {
        const Entry entry{7, 3, kind, Body(body)};
        EXPECT_EQ(encode_for_log(entry), bytes);
        EXPECT_EQ(decode_from_log({7, 3}, bytes).value(), entry);
    }
}

TEST(Entry, RandomOnesComeBack) {
    base::Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        base::Bytes body(rng.below(200), '\0');
        for (char& c : body) {
            c = static_cast<char>(rng.next());
        }
        const Entry entry{rng.next(), rng.next(), static_cast<EntryKind>(1 + rng.below(3)),
                          Body(std::move(body))};
        ASSERT_EQ(decode_from_log(entry.position(), encode_for_log(entry)).value(), entry);
    }
}

TEST(Entry, MalformedOnesAreCorruptAndSayWhy) {
    const struct {
        base::ByteView bytes;
        std::string_view why;
    } cases[] = {
        {""sv, "the input ends early: 1 bytes were expected, 0 are left"},
        {"\x01"sv, "the input ends early: 1 bytes were expected, 0 are left"},
        {"\0\x01"sv, "version 0"},
        {"\x02\x01"sv, "version 2"},
        {"\x01\0"sv, "entry 7 is of kind 0; known are 1 to 3"},
        {"\x01\x04zzz"sv, "entry 7 is of kind 4; known are 1 to 3"},
        {"\x01\xff"sv, "entry 7 is of kind 255; known are 1 to 3"},
    };
    for (const auto& [bytes, why] : cases) {
        const auto entry = decode_from_log({7, 3}, bytes);
        ASSERT_FALSE(entry.has_value()) << why;
        EXPECT_EQ(entry.error().code, Errc::kCorrupt);
        EXPECT_NE(entry.error().detail.find(why), std::string::npos) << entry.error().detail;
    }
}

TEST(Entry, BodiesAreSharedAndComparedByWhatTheySay) {
    const Body body("text");
    const Entry entry{1, 1, EntryKind::kNormal, body};
    EXPECT_EQ(body.view().data(), entry.body.view().data());
    EXPECT_EQ(body, Body("text"));
    EXPECT_NE(body, Body("test"));
    EXPECT_EQ(Body(), Body(""));
    EXPECT_EQ(Body().size(), 0U);
    EXPECT_EQ(cost_of(entry), 4 + kEntryOverheadBytes);
    EXPECT_EQ(cost_of({1, 1, EntryKind::kNoop, {}}), kEntryOverheadBytes);
}

TEST(Position, IsOrderedByIndexFirst) {
    EXPECT_LT((Position{1, 9}), (Position{2, 1}));
    EXPECT_LT((Position{2, 1}), (Position{2, 2}));
    EXPECT_EQ((Entry{5, 2, EntryKind::kNoop, {}}.position()), (Position{5, 2}));
}

}  // namespace
}  // namespace distkv::raft
