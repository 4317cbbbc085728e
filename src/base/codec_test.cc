#include "base/codec.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::base {
namespace {

using namespace std::string_view_literals;

template <class Write>
Bytes encoded(Write write) {
    Encoder out;
    write(out);
    return std::move(out).take();
}

// What is on disk must stay readable: never change these expectations.
TEST(Codec, GoldenFixed) {
    EXPECT_EQ(encoded([](Encoder& out) { out.fixed(std::uint8_t{0xab}); }), "\xab"sv);
    EXPECT_EQ(encoded([](Encoder& out) { out.fixed(std::uint16_t{0x0123}); }), "\x23\x01"sv);
    EXPECT_EQ(encoded([](Encoder& out) { out.fixed(std::uint32_t{0x01234567}); }),
              "\x67\x45\x23\x01"sv);
    EXPECT_EQ(encoded([](Encoder& out) { out.fixed(std::uint64_t{0x0123456789abcdef}); }),
              "\xef\xcd\xab\x89\x67\x45\x23\x01"sv);
}

TEST(Codec, GoldenVarint) {
    const struct {
        std::uint64_t value;
        ByteView bytes;
    } cases[] = {
        {0, "\x00"sv},
        {1, "\x01"sv},
        {127, "\x7f"sv},
        {128, "\x80\x01"sv},
        {300, "\xac\x02"sv},
        {16383, "\xff\x7f"sv},
        {16384, "\x80\x80\x01"sv},
        {UINT32_MAX, "\xff\xff\xff\xff\x0f"sv},
        {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv},
    };
    for (const auto& [value, bytes] : cases) {
        EXPECT_EQ(encoded([&](Encoder& out) { out.varint(value); }), bytes);
        Decoder in(bytes);
        EXPECT_EQ(in.varint().value(), value);
        EXPECT_TRUE(in.finish().has_value());
    }
}

TEST(Codec, GoldenSignedVarint) {
    const struct {
        std::int64_t value;
        ByteView bytes;
    } cases[] = {
        {0, "\x00"sv},
        {-1, "\x01"sv},
        {1, "\x02"sv},
        {-64, "\x7f"sv},
        {64, "\x80\x01"sv},
        {INT64_MAX, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv},
        {INT64_MIN, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv},
    };
    for (const auto& [value, bytes] : cases) {
        EXPECT_EQ(encoded([&](Encoder& out) { out.signed_varint(value); }), bytes);
        Decoder in(bytes);
        EXPECT_EQ(in.signed_varint().value(), value);
    }
}

TEST(Codec, GoldenBytesAndRaw) {
    const Bytes both = encoded([](Encoder& out) {
        out.bytes("abc");
        out.bytes("");
        out.raw("xyz");
    });
    EXPECT_EQ(both,
              "\x03"
              "abc\x00xyz"sv);
    Decoder in(both);
    EXPECT_EQ(in.bytes(3).value(), "abc");
    EXPECT_EQ(in.bytes(0).value(), "");
    EXPECT_EQ(in.rest(), "xyz");
}

TEST(Codec, RandomSequencesComeBack) {
    Rng rng(1);
    for (int round = 0; round < 2000; ++round) {
        Encoder out;
        const std::uint64_t word = rng.next() >> rng.below(64);
        const auto signed_word = static_cast<std::int64_t>(rng.next()) >> rng.below(64);
        Bytes text(rng.below(300), '\0');
        for (char& c : text) {
            c = static_cast<char>(rng.next());
        }
        out.varint(word);
        out.signed_varint(signed_word);
        out.bytes(text);
        out.fixed(word);
        Decoder in(out.view());
        ASSERT_EQ(in.varint().value(), word);
        ASSERT_EQ(in.signed_varint().value(), signed_word);
        ASSERT_EQ(in.bytes(300).value(), text);
        ASSERT_EQ(in.fixed<std::uint64_t>().value(), word);
        ASSERT_TRUE(in.finish().has_value());
        // Every prefix ends early, and says so.
        const Bytes whole = out.view();
        Decoder cut(ByteView(whole).substr(0, rng.below(whole.size())));
        const bool all_there =
            cut.varint() && cut.signed_varint() && cut.bytes(300) && cut.fixed<std::uint64_t>();
        ASSERT_FALSE(all_there);
    }
}

TEST(Codec, TruncatedInput) {
    Decoder in("\x01\x02\x03"sv);
    const Result<std::uint32_t> value = in.fixed<std::uint32_t>();
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().code, Errc::kCorrupt);
    EXPECT_EQ(value.error().detail, "the input ends early: 4 bytes were expected, 3 are left");
    EXPECT_FALSE(Decoder(""sv).varint().has_value());
    EXPECT_FALSE(Decoder("\x80"sv).varint().has_value());
    EXPECT_FALSE(Decoder("\x05"
                         "abc"sv)
                     .bytes(10)
                     .has_value());
}

TEST(Codec, OneEncodingPerValue) {
    for (const ByteView bytes :
         {"\x80\x00"sv, "\xff\x80\x00"sv, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv,
          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
          "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"sv,
          "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv}) {
        const Result<std::uint64_t> value = Decoder(bytes).varint();
        ASSERT_FALSE(value.has_value());
        EXPECT_EQ(value.error().code, Errc::kCorrupt);
    }
}

TEST(Codec, LongStringsAreRefusedBeforeTheyAreRead) {
    const Result<ByteView> value = Decoder(
                                       "\x04"
                                       "abcd"sv)
                                       .bytes(3);
    ASSERT_FALSE(value.has_value());
    EXPECT_NE(value.error().detail.find("at most 3"), std::string::npos);
    EXPECT_FALSE(Decoder("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv).bytes(SIZE_MAX).has_value());
}

TEST(Codec, Versions) {
    EXPECT_EQ(Decoder("\x01"sv).version(2).value(), 1);
    EXPECT_EQ(Decoder("\x02"sv).version(2).value(), 2);
    EXPECT_FALSE(Decoder("\x03"sv).version(2).has_value());
    EXPECT_FALSE(Decoder("\x00"sv).version(2).has_value());
    EXPECT_FALSE(Decoder(""sv).version(2).has_value());
}

TEST(Codec, TrailingBytesAreAnError) {
    Decoder in("\x01\x02"sv);
    EXPECT_TRUE(in.varint().has_value());
    const Result<void> end = in.finish();
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace distkv::base
