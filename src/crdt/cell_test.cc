#include "crdt/cell.h"

#include <gtest/gtest.h>

#include "crdt/header.h"
#include "crdt/merge.h"
#include "crdt/summary.h"

namespace distkv::crdt {
namespace {

constexpr model::Origin kOne{model::RegionId{1}, 1};
constexpr model::Origin kTwo{model::RegionId{2}, 3};
constexpr model::Dot kDot{{0x5000}, kOne};

std::string hex(base::ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<unsigned char>(c) >> 4U];
        text += kDigits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

model::VersionVector vector(std::initializer_list<model::Dot> dots) {
    model::VersionVector made;
    for (const model::Dot& dot : dots) {
        made.raise(dot);
    }
    return made;
}

struct Golden {
    std::string_view name;
    Cell cell;
    std::string_view hex;
};

std::vector<Golden> golden() {
    const Absorptions absorbed{{kOne, {{0x1000}, {.whole = 3}}}, {kTwo, {{0x2000}, {.whole = -4}}}};
    const Absorptions reals{{kTwo, {{0x2000}, {.real = 0.5}}}};
    return {
        {"removal", {.dot = kDot}, "0100"},
        {"value", {.dot = kDot, .kind = Kind::kValue, .value = "red"}, "0101726564"},
        {"value that clears",
         {.dot = kDot,
          .kind = Kind::kValue,
          .value = "x",
          .clears = vector({{{0x1000}, kOne}, {{0x2000}, kTwo}})},
         "01050201010010000000000000020300200000000000"
         "0078"},
        {"amount",
         {.dot = kDot, .kind = Kind::kAmount, .amount = {.whole = -1}, .began = {0x3000}},
         "0102003000000000000001"},
        {"amount that absorbed",
         {.dot = kDot,
          .kind = Kind::kAmount,
          .amount = {.whole = 5},
          .began = {0x3000},
          .absorbed = absorbed},
         "010a00300000000000000a020101001000000000000006020300200000000000"
         "0007"},
        {"real amount",
         {.dot = kDot,
          .kind = Kind::kAmount,
          .amount = {.real = 1.5},
          .began = {0x3000},
          .absorbed = reals},
         "011a003000000000000000000000000000f83f010203002000000000000000000000000000e03f"},
    };
}

TEST(Cell, GoldenBytes) {
    for (const auto& [name, cell, bytes] : golden()) {
        EXPECT_EQ(hex(encode_cell(cell)), bytes) << name;
        const auto back = decode_cell(encode_cell(cell), kDot);
        ASSERT_TRUE(back.has_value()) << name;
        EXPECT_EQ(*back, cell) << name;
    }
}

// A value is all the rest of its bytes, so a shorter one is another value; nothing else decodes.
TEST(Cell, EveryTruncationIsRefusedOrHarmless) {
    for (const auto& [name, cell, unused] : golden()) {
        const base::Bytes whole = encode_cell(cell);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const auto part = decode_cell(base::ByteView(whole).substr(0, size), kDot);
            if (part.has_value()) {
                EXPECT_EQ(part->kind, Kind::kValue) << name << " cut to " << size;
                EXPECT_EQ(part->clears, cell.clears) << name << " cut to " << size;
                EXPECT_EQ(encode_cell(*part), whole.substr(0, size));
            } else {
                EXPECT_EQ(part.error().code, base::Errc::kCorrupt);
            }
        }
    }
}

TEST(Cell, UnknownVersionsKindsAndBitsAreRefused) {
    for (const base::ByteView bytes :
         {base::ByteView("\x02\x00", 2), base::ByteView("\x00\x00", 2), base::ByteView("\x01\x03"),
          base::ByteView("\x01\x21"), base::ByteView("\x01\x80"), base::ByteView("\x01\x00z", 3)}) {
        EXPECT_FALSE(decode_cell(bytes, kDot).has_value()) << hex(bytes);
    }
}

struct Checked {
    std::string_view name;
    Effect effect;
    bool good;
};

TEST(Cell, MakesSenseForItsField) {
    const Cell value{.dot = kDot, .kind = Kind::kValue};
    const Cell amount{.dot = kDot, .kind = Kind::kAmount};
    const Cell broken{.dot = kDot, .kind = Kind::kValue, .value = "?"};
    const std::vector<Checked> cases{
        {"register", {{Tag::kRegister, {}, {}}, value}, true},
        {"register with an owner", {{Tag::kRegister, {}, kOne}, value}, false},
        {"member", {{Tag::kMember, "m", kOne}, value}, true},
        {"member of another", {{Tag::kMember, "m", kTwo}, value}, false},
        {"member that is an amount", {{Tag::kMember, "m", kOne}, amount}, false},
        {"amount", {{Tag::kCount, {}, kOne}, amount}, true},
        {"amount that is a value", {{Tag::kCount, {}, kOne}, value}, false},
        {"flag with an element", {{Tag::kFlag, "m", kOne}, value}, false},
        {"summary", {{Tag::kSummary, {}, kOne}, value}, false},
        {"unknown tag", {{static_cast<Tag>(3), {}, kOne}, value}, false},
        {"no stamp", {{Tag::kFlag, {}, kOne}, {.dot = {{}, kOne}, .kind = Kind::kValue}}, false},
        {"header", {{Tag::kHeader, {}, kOne}, value}, true},
        {"header with a broken setting", {{Tag::kHeader, {}, kOne}, broken}, false},
    };
    for (const auto& [name, effect, good] : cases) {
        EXPECT_EQ(check_cell(effect.field, effect.cell).has_value(), good) << name;
    }
}

TEST(Header, GoldenBytesOfSettings) {
    const ExpirySetting expires{.kind = ExpirySetting::Kind::kExpires,
                                .set = {0x5000},
                                .at_ms = 1000,
                                .seen = vector({{{0x2000}, kTwo}})};
    const ExpirySetting persists{.kind = ExpirySetting::Kind::kPersists, .set = {0x5000}};
    const std::pair<ExpirySetting, std::string_view> cases[] = {
        {expires,
         "01010050000000000000e803000000000000010203002000000000"
         "0000"},
        {persists, "0102005000000000000000"},
    };
    for (const auto& [setting, bytes] : cases) {
        const base::Bytes whole = encode_setting(setting);
        EXPECT_EQ(hex(whole), bytes);
        EXPECT_EQ(*decode_setting(whole), setting);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_FALSE(decode_setting(base::ByteView(whole).substr(0, size)).has_value());
        }
    }
}

TEST(Summary, GoldenBytes) {
    Summary summary;
    summary.live[static_cast<std::size_t>(Type::kFlag)] = 1;
    summary.live[static_cast<std::size_t>(Type::kMap)] = 300;
    summary.written = vector({{{0x2000}, kTwo}});
    const base::Bytes whole = encode_summary(summary);
    EXPECT_EQ(hex(whole),
              "01000203010aac020102030020000000"
              "000000");
    EXPECT_EQ(*decode_summary(whole), summary);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(decode_summary(base::ByteView(whole).substr(0, size)).has_value());
    }
    EXPECT_EQ(hex(encode_summary({})), "01000000");
    summary.uncounted = true;
    EXPECT_EQ(hex(encode_summary(summary)).substr(0, 4), "0101");
    EXPECT_EQ(*decode_summary(encode_summary(summary)), summary);
}

}  // namespace
}  // namespace distkv::crdt
