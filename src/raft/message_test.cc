#include "raft/message.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::raft {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
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

Bytes encoded(const Message& message) {
    base::Encoder out;
    encode(message, out);
    return std::move(out).take();
}

base::Result<Message> decoded(base::ByteView bytes) {
    base::Decoder in(bytes);
    Message message = TRY(decode_message(in));
    TRY(in.finish());
    return message;
}

// From replica 1 to replica 2, in term 300.
Message of(MessageKind kind) {
    Message m;
    m.kind = kind;
    m.from = {1};
    m.to = {2};
    m.term = 300;
    return m;
}

Membership one_voter() {
    return {.voters = {{.id = {1}}}};
}

Message vote_request(MessageKind kind) {
    Message m = of(kind);
    m.at = {128, 299};
    m.hint = {5, 2};
    return m;
}

Message vote_answer(MessageKind kind) {
    Message m = of(kind);
    m.hint = {5, 2};
    m.ceiling = {0x0123456789abcdef};
    return m;
}

Message append() {
    Message m = of(MessageKind::kAppend);
    m.at = {7, 3};
    m.commit = 6;
    m.entries = {{8, 3, EntryKind::kNormal, Body("xyz")},
                 {9, 300, EntryKind::kNoop, {}},
                 {10, 300, EntryKind::kMembership, Body(one_voter().encode())}};
    return m;
}

Message append_answer() {
    Message m = of(MessageKind::kAppendAnswer);
    m.at = {7, 3};
    m.hint = {4, 2};
    m.rejected = m.forgot = true;
    return m;
}

Message heartbeat() {
    Message m = of(MessageKind::kHeartbeat);
    m.commit = 6;
    m.read_id = 9;
    m.sent_at = time::MonoTime(0x0102ns);
    m.lease = 128ns;
    m.ceiling = {1};
    m.held_by_all = 4;
    return m;
}

Message heartbeat_answer() {
    Message m = of(MessageKind::kHeartbeatAnswer);
    m.at = {7, 0};
    m.hint = {6, 0};
    m.read_id = 9;
    m.sent_at = time::MonoTime(-1ns);
    m.lease = 1ns;
    m.ceiling = {1};
    return m;
}

Message read_index(MessageKind kind) {
    Message m = of(kind);
    m.context = 0xfedcba9876543210;
    return m;
}

struct Golden {
    Message message;
    std::string bytes;
};

void expect_golden(const std::vector<Golden>& cases) {
    for (const auto& [message, bytes] : cases) {
        EXPECT_EQ(hex(encoded(message)), bytes) << name_of(message.kind);
        EXPECT_EQ(decoded(encoded(message)).value(), message) << name_of(message.kind);
    }
}

// What replicas of other versions say must stay readable: never change these expectations.
// The first seven or eight bytes: version, kind, from, to, term, parts.
TEST(RaftMessage, GoldenBytesOfElections) {
    expect_golden({
        {vote_request(MessageKind::kPreVote), "01010102ac02098001ab020502"},
        {vote_answer(MessageKind::kPreVoteAnswer), "01020102ac0288020502efcdab8967452301"},
        {vote_request(MessageKind::kVote), "01030102ac02098001ab020502"},
        {vote_answer(MessageKind::kVoteAnswer), "01040102ac0288020502efcdab8967452301"},
        {of(MessageKind::kTransfer), "01090102ac0200"},
    });
}

TEST(RaftMessage, GoldenBytesOfReplication) {
    Message sleep = of(MessageKind::kSleep);
    sleep.at = {7, 3};
    expect_golden({
        {append(),
         "01050102ac0207070306"
         "03"
         "03010378797a"
         "ac020200"
         "ac02030a01010100000100000001"},
        {append_answer(), "01060102ac02891807030402"},
        {heartbeat(), "01070102ac02d207060902010000000000008001010000000000000004"},
        {heartbeat_answer(), "01080102ac02d9030700060009ffffffffffffffff010100000000000000"},
        {sleep, "010c0102ac02010703"},
        {of(MessageKind::kWake), "010d0102ac0200"},
    });
}

TEST(RaftMessage, GoldenBytesOfReads) {
    Message forced = read_index(MessageKind::kReadIndex);
    forced.forced = true;
    Message answered = read_index(MessageKind::kReadIndexAnswer);
    answered.at.index = 7;
    Message refused = read_index(MessageKind::kReadIndexAnswer);
    refused.rejected = true;
    expect_golden({
        {forced, "010a0102ac02a0201032547698badcfe"},
        {answered, "010b0102ac022107001032547698badcfe"},
        {refused, "010b0102ac02a0081032547698badcfe"},
    });
}

TEST(RaftMessage, EveryShortenedAndEveryLengthenedOneIsRefused) {
    for (const Message& message :
         {vote_request(MessageKind::kVote), append(), append_answer(), heartbeat(),
          heartbeat_answer(), read_index(MessageKind::kReadIndex)}) {
        const Bytes whole = encoded(message);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto cut = decoded(base::ByteView(whole).substr(0, size));
            ASSERT_FALSE(cut.has_value()) << name_of(message.kind) << " " << size;
            EXPECT_EQ(cut.error().code, Errc::kCorrupt);
        }
        EXPECT_FALSE(decoded(whole + '\0').has_value());
    }
}

TEST(RaftMessage, MalformedOnesAreCorruptAndSayWhy) {
    const struct {
        base::ByteView bytes;
        std::string_view why;
    } cases[] = {
        {"\x00\x0d\x01\x02\x03\x00"sv, "version 0"},
        {"\x02\x0d\x01\x02\x03\x00"sv, "version 2"},
        {"\x01\x00\x01\x02\x03\x00"sv, "a raft message is of kind 0; known are 1 to 13"},
        {"\x01\x0e\x01\x02\x03\x00"sv, "a raft message is of kind 14; known are 1 to 13"},
        {"\x01\x0d\x00\x02\x03\x00"sv, "from or to nobody"},
        {"\x01\x0d\x01\x00\x03\x00"sv, "from or to nobody"},
        {"\x01\x0d\x01\x02\x03\x80\x40"sv, "parts that are not known"},
        {"\x01\x0d\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"sv,
         "speaks of index or term 18446744073709551615"},
        {"\x01\x0d\x01\x02\x80\x80\x80\x80\x80\x80\x80\x80\x40\x00"sv,
         "speaks of index or term 4611686018427387904"},
        {"\x01\x0c\x01\x02\x03\x01\x80\x80\x80\x80\x80\x80\x80\x80\x40\x01"sv,
         "speaks of index or term 4611686018427387904"},
        {"\x01\x0c\x01\x02\x03\x02\x80\x80\x80\x80\x80\x80\x80\x80\x40"sv,
         "speaks of index or term 4611686018427387904"},
        // Entries: count, then term, kind, body of each.
        {"\x01\x05\x01\x02\x03\x04\x00"sv, "has a part that is at its default"},
        {"\x01\x05\x01\x02\x03\x04\x01\x03\x04\x00"sv, "has an entry of kind 4"},
        {"\x01\x05\x01\x02\x03\x04\x01\x03\x00\x00"sv, "has an entry of kind 0"},
        {"\x01\x05\x01\x02\x03\x04\x01\x04\x01\x00"sv, "terms go back, or beyond its own"},
        {"\x01\x05\x01\x02\x03\x04\x02\x03\x01\x00\x02\x01\x00"sv,
         "terms go back, or beyond its own"},
        {"\x01\x05\x01\x02\x03\x05\x09\x02\x01\x01\x01\x00"sv, "terms go back, or beyond its own"},
        {"\x01\x05\x01\x02\x03\x04\x01\x03\x01\x05xx"sv, "a byte string of 5"},
        {"\x01\x05\x01\x02\x03\x04\x01\x03\x03\x01\x02"sv, "version 2"},
        {"\x01\x05\x01\x02\x03\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x03\x01\x00"sv,
         "the input ends early"},
        // Parts that say nothing would be lost on the next write.
        {"\x01\x0c\x01\x02\x03\x01\x00\x00"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x02\x00"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x10\x00"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x20\0\0\0\0\0\0\0\0"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x40\0\0\0\0\0\0\0\0"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x80\x01\x00"sv, "has a part that is at its default"},
        {"\x01\x0c\x01\x02\x03\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,
         "promises a lease of more than 292 years"},
    };
    for (const auto& [bytes, why] : cases) {
        const auto message = decoded(bytes);
        ASSERT_FALSE(message.has_value()) << why;
        EXPECT_EQ(message.error().code, Errc::kCorrupt);
        EXPECT_NE(message.error().detail.find(why), std::string::npos)
            << message.error().detail << ", expected: " << why;
    }
}

std::uint64_t random_count(base::Rng& rng) {
    return rng.next() >> (2 + rng.below(62));
}

Message random_message(base::Rng& rng) {
    const auto some = [&rng] { return rng.below(2) == 0; };
    Message m;
    m.kind = static_cast<MessageKind>(1 + rng.below(kMessageKindMax));
    m.from = {1 + (rng.next() >> (1 + rng.below(63)))};
    m.to = {1 + (rng.next() >> (1 + rng.below(63)))};
    m.term = random_count(rng);
    m.at = some() ? Position{random_count(rng), rng.below(m.term + 1)} : Position{};
    m.commit = some() ? random_count(rng) : 0;
    for (std::uint64_t n = some() ? rng.below(5) : 0; n > 0; --n) {
        const std::uint64_t before = m.entries.empty() ? m.at.term : m.entries.back().term;
        const auto kind = static_cast<EntryKind>(1 + rng.below(3));
        Bytes body =
            kind == EntryKind::kMembership ? one_voter().encode() : Bytes(rng.below(300), 'b');
        m.entries.push_back({m.at.index + m.entries.size() + 1,
                             before + rng.below(m.term - before + 1), kind, Body(std::move(body))});
    }
    m.rejected = some();
    m.hint = some() ? Position{random_count(rng), random_count(rng)} : Position{};
    m.forgot = some();
    m.forced = some();
    m.read_id = some() ? rng.next() : 0;
    m.context = some() ? rng.next() : 0;
    m.sent_at = time::MonoTime(time::Duration(some() ? static_cast<std::int64_t>(rng.next()) : 0));
    m.lease = time::Duration(some() ? static_cast<std::int64_t>(rng.next() >> 1) : 0);
    m.ceiling = {some() ? rng.next() : 0};
    m.held_by_all = some() ? random_count(rng) : 0;
    return m;
}

TEST(RaftMessage, RandomOnesComeBack) {
    base::Rng rng(1);
    for (int i = 0; i < 5000; ++i) {
        const Message message = random_message(rng);
        const auto back = decoded(encoded(message));
        ASSERT_TRUE(back.has_value()) << back.error().detail;
        ASSERT_EQ(*back, message);
    }
}

TEST(RaftMessage, SeveralStandBehindEachOther) {
    base::Encoder out;
    encode(append(), out);
    encode(heartbeat(), out);
    base::Decoder in(out.view());
    EXPECT_EQ(decode_message(in).value(), append());
    EXPECT_EQ(decode_message(in).value(), heartbeat());
    EXPECT_TRUE(in.finish().has_value());
}

TEST(RaftMessage, CostsWhatItsEntriesCost) {
    EXPECT_EQ(cost_of(heartbeat()), 64U);
    EXPECT_EQ(cost_of(append()), 64 + 3 + one_voter().encode().size() + 3 * kEntryOverheadBytes);
}

TEST(RaftMessage, EveryKindHasAName) {
    for (std::uint8_t kind = 1; kind <= kMessageKindMax; ++kind) {
        EXPECT_FALSE(name_of(static_cast<MessageKind>(kind)).empty());
    }
    EXPECT_EQ(name_of(MessageKind::kPreVote), "pre-vote");
    EXPECT_EQ(name_of(MessageKind::kHeartbeatAnswer), "heartbeat answer");
    EXPECT_EQ(name_of(MessageKind::kWake), "wake");
}

}  // namespace
}  // namespace distkv::raft
