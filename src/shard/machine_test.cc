#include "shard/machine.h"

#include <gtest/gtest.h>

namespace distkv::shard {
namespace {

using namespace std::string_literals;
using base::Bytes;
using base::Errc;

raft::Membership one_voter() {
    return {.voters = {{.id = {1}}}};
}

Bytes one_voter_bytes() {
    return "\x01\x01\x01\0\0\x01\0\0\0\x01"s;
}

// What is on disk must stay readable: never change these expectations.
TEST(Mark, GoldenBytes) {
    const struct {
        Mark mark;
        Bytes bytes;
    } cases[] = {
        {{}, "\x01\0\0\0"s},
        {{.at = {300, 3}, .membership = {}}, "\x01\xac\x02\x03\0"s},
        {{.at = {7, 3}, .membership = one_voter()}, "\x01\x07\x03\x0a"s + one_voter_bytes()},
    };
    for (const auto& [mark, bytes] : cases) {
        EXPECT_EQ(encode_mark(mark), bytes);
        EXPECT_EQ(decode_mark(bytes).value(), mark);
    }
}

TEST(Mark, MalformedOnesAreCorruptAndSayWhy) {
    const struct {
        Bytes bytes;
        std::string_view why;
    } cases[] = {
        {"", "the input ends early"},
        {"\x02\0\0\0"s, "version 2"},
        {"\x01\0\0\0\0"s, "1 bytes"},
        {"\x01\0\0\x81\x80\x04"s, "a byte string of 65537 bytes; at most 65536"},
        {"\x01\0\0\x01\x02"s, "version 2"},
        {"\x01\0\0\x06\x01\0\0\0\0\x01"s, "a membership has at least one voter"},
        {"\x01\x80\0\0\0"s, "a varint that is not in its shortest form"},
    };
    for (const auto& [bytes, why] : cases) {
        const auto mark = decode_mark(bytes);
        ASSERT_FALSE(mark.has_value()) << why;
        EXPECT_EQ(mark.error().code, Errc::kCorrupt);
        EXPECT_TRUE(mark.error().detail.contains(why)) << mark.error().detail;
    }
    const Bytes whole = encode_mark({.at = {7, 3}, .membership = one_voter()});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_mark(base::ByteView(whole).substr(0, size)).has_value()) << size;
    }
}

TEST(Members, ThatAreNotKnownAreNoBytes) {
    EXPECT_EQ(encode_members({}), "");
    EXPECT_EQ(decode_members("").value(), raft::Membership());
    EXPECT_EQ(encode_members(one_voter()), one_voter_bytes());
    EXPECT_EQ(decode_members(one_voter_bytes()).value(), one_voter());
    EXPECT_EQ(decode_members("\x01"s).error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace distkv::shard
