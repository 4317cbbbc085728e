#include "gossip/message.h"

#include <string>

#include <gtest/gtest.h>

#include "gossip/ceiling_file.h"

namespace distkv::gossip {
namespace {

using namespace std::chrono_literals;

std::string hex(base::ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text.push_back(kDigits[static_cast<unsigned char>(c) >> 4U]);
        text.push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
    }
    return text;
}

Message pong() {
    return {.kind = MessageKind::kPong,
            .stamp = {0x0123456789abcdef},
            .incarnation = 300,
            .number = 7,
            .sent = {time::MonoTime(5ns), time::WallTime(-2ns), 200ns},
            .ping_mono = time::MonoTime(64ns),
            .ping_incarnation = 1,
            .ping_number = 2,
            .ping_arrived = {time::MonoTime(2ns), time::WallTime(3ns), 1ns}};
}

TEST(Message, GoldenBytes) {
    Message ping = pong();
    ping.kind = MessageKind::kPing;
    EXPECT_EQ(hex(encode(ping)),
              "01"
              "01"
              "efcdab8967452301"
              "ac02"
              "07"
              "0a"
              "03"
              "c801");
    EXPECT_EQ(hex(encode(pong())),
              "01"
              "02"
              "efcdab8967452301"
              "ac02"
              "07"
              "0a"
              "03"
              "c801"
              "8001"
              "01"
              "02"
              "04"
              "06"
              "01");
}

TEST(Message, RoundTrip) {
    const auto decoded = decode_message(encode(pong()));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(encode(*decoded), encode(pong()));
    EXPECT_EQ(decoded->ping_arrived.wall, time::WallTime(3ns));
    EXPECT_TRUE(decoded->is_answer());
}

TEST(Message, EveryShortenedAndEveryLengthenedOneIsRefused) {
    const base::Bytes whole = encode(pong());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto decoded = decode_message(base::ByteView(whole).substr(0, size));
        ASSERT_FALSE(decoded.has_value()) << size;
        EXPECT_EQ(decoded.error().code, base::Errc::kCorrupt);
    }
    EXPECT_FALSE(decode_message(whole + "x").has_value());
}

TEST(Message, UnknownVersionsAndKindsAreNamed) {
    base::Bytes bytes = encode(pong());
    bytes[1] = 9;
    EXPECT_NE(decode_message(bytes).error().detail.find("message kind 9"), std::string::npos);
    bytes[0] = 2;
    EXPECT_NE(decode_message(bytes).error().detail.find("version 2"), std::string::npos);
}

TEST(CeilingBytes, GoldenAndDamaged) {
    const base::Bytes bytes = encode_ceiling({0x0123456789abcdef});
    EXPECT_EQ(hex(bytes),
              "01"
              "efcdab8967452301" +
                  hex(bytes.substr(9)));
    EXPECT_EQ(bytes.size(), 13U);
    EXPECT_EQ(hex(bytes.substr(9)), "42d443a6");
    EXPECT_EQ(decode_ceiling(bytes).value().word, 0x0123456789abcdefU);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        base::Bytes damaged = bytes;
        damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
        EXPECT_FALSE(decode_ceiling(damaged).has_value()) << "bit " << i;
    }
}

}  // namespace
}  // namespace distkv::gossip
