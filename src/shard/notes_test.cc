#include "shard/notes.h"

#include <functional>

#include <gtest/gtest.h>

namespace distkv::shard {
namespace {

using namespace std::string_literals;
using base::Bytes;
using base::Errc;

Staged staged() {
    return {.path = "in-7",
            .size = 65'536,
            .crc = 0x01020304,
            .mark = {.at = {7, 3}, .membership = {.voters = {{.id = {1}}}}}};
}

Bytes install_bytes() {
    return "\x01\x01\x04in-7\x80\x80\x04\x04\x03\x02\x01"
           "\x0e\x01\x07\x03\x0a\x01\x01\x01\0\0\x01\0\0\0\x01"s;
}

// What is on disk must stay readable: never change these expectations.
TEST(Notes, GoldenBytes) {
    const Identity voter{.replica = {300}, .witness = false};
    const Identity witness{.replica = {1}, .witness = true};
    EXPECT_EQ(encode_identity(voter), "\x01\xac\x02\0"s);
    EXPECT_EQ(encode_identity(witness), "\x01\x01\x01"s);
    EXPECT_EQ(decode_identity("\x01\xac\x02\0"s).value(), voter);
    EXPECT_EQ(decode_identity("\x01\x01\x01"s).value(), witness);

    const Promises promises{.ceiling = {0x0123456789abcdef}, .repair = {128, 300}};
    const Bytes written = "\x01\xef\xcd\xab\x89\x67\x45\x23\x01\x80\x01\xac\x02"s;
    EXPECT_EQ(encode_promises(promises), written);
    EXPECT_EQ(decode_promises(written).value(), promises);

    EXPECT_EQ(encode_intent({.install = staged()}), install_bytes());
    EXPECT_EQ(decode_intent(install_bytes()).value(), Intent{.install = staged()});
    EXPECT_EQ(encode_intent({}), "\x01\x02"s);
    EXPECT_EQ(decode_intent("\x01\x02"s).value(), Intent{});
}

// Without its value: only whether it is one.
using Decode = std::function<base::Result<void>(base::ByteView)>;

template <class T>
Decode checked(base::Result<T> (*decode)(base::ByteView)) {
    return [decode](base::ByteView bytes) -> base::Result<void> {
        static_cast<void>(TRY(decode(bytes)));
        return {};
    };
}

TEST(Notes, MalformedOnesAreCorruptAndSayWhy) {
    const Decode identity = checked(decode_identity);
    const Decode promises = checked(decode_promises);
    const Decode intent = checked(decode_intent);
    const struct {
        const Decode& decode;
        Bytes bytes;
        std::string_view why;
    } cases[] = {
        {identity, "", "the input ends early"},
        {identity, "\x02\x01\0"s, "version 2"},
        {identity, "\x01\0\0"s, "the identity of a replica is malformed"},
        {identity, "\x01\x01\x02"s, "the identity of a replica is malformed"},
        {identity, "\x01\x01\0\0"s, "1 bytes"},
        {promises, "\0"s, "version 0"},
        {promises, "\x01\0\0\0\0\0\0\0\0\0\0\0"s, "1 bytes"},
        {intent, "\x03\x02"s, "version 3"},
        {intent, "\x01\0"s, "an intent of the unknown kind 0"},
        {intent, "\x01\x03"s, "an intent of the unknown kind 3"},
        {intent, "\x01\x02\0"s, "1 bytes"},
        {intent, "\x01\x01\x81\x20"s, "a byte string of 4097 bytes; at most 4096"},
        {intent, "\x01\x01\0\0\0\0\0\0\x01\x02"s, "version 2"},
    };
    for (const auto& [decode, bytes, why] : cases) {
        const auto note = decode(bytes);
        ASSERT_FALSE(note.has_value()) << why;
        EXPECT_EQ(note.error().code, Errc::kCorrupt);
        EXPECT_TRUE(note.error().detail.contains(why))
            << note.error().detail << ", expected: " << why;
    }
}

TEST(Notes, EveryShortenedOneIsRefused) {
    const struct {
        Decode decode;
        Bytes whole;
    } cases[] = {{checked(decode_identity), encode_identity({{300}, true})},
                 {checked(decode_promises), encode_promises({{1}, {128, 300}})},
                 {checked(decode_intent), install_bytes()}};
    for (const auto& [decode, whole] : cases) {
        EXPECT_TRUE(decode(whole).has_value());
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_FALSE(decode(base::ByteView(whole).substr(0, size)).has_value()) << size;
        }
    }
}

}  // namespace
}  // namespace distkv::shard
