#include "time/clockbound.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/rng.h"
#include "time/error_of.h"

namespace distkv::time {
namespace {

constexpr base::ByteView kMagic("\x41\x4d\x5a\x4e\x43\x42\x02\x00", 8);

struct Segment {
    base::Bytes magic{kMagic};
    std::uint32_t size = 80;
    std::uint16_t version = 2;
    std::uint16_t generation = 4;
    std::uint64_t as_of_s = 100;
    std::uint64_t as_of_ns = 5;
    std::uint64_t void_after_s = 1100;
    std::uint64_t void_after_ns = 6;
    std::uint64_t bound = 98'000;
    std::uint64_t marker = 77;
    std::uint32_t drift = 50'000;
    std::uint32_t status = 1;
    std::uint8_t support = 1;

    [[nodiscard]] base::Bytes bytes() const {
        base::Encoder out;
        out.raw(magic);
        out.fixed(size);
        out.fixed(version);
        out.fixed(generation);
        out.fixed(as_of_s);
        out.fixed(as_of_ns);
        out.fixed(void_after_s);
        out.fixed(void_after_ns);
        out.fixed(bound);
        out.fixed(marker);
        out.fixed(drift);
        out.fixed(status);
        out.fixed(support);
        out.raw(base::ByteView("\0\0\0\0\0\0\0", 7));
        return std::move(out).take();
    }
};

// The layout of the published version 2, byte by byte.
TEST(ClockBound, GoldenSegment) {
    const base::Bytes golden(
        "\x41\x4d\x5a\x4e\x43\x42\x02\x00"                                   // magic
        "\x50\x00\x00\x00\x02\x00\x04\x00"                                   // size, version, gen
        "\x64\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00"   // as_of
        "\x4c\x04\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"   // void_after
        "\xd0\x7e\x01\x00\x00\x00\x00\x00\x4d\x00\x00\x00\x00\x00\x00\x00"   // bound, marker
        "\x50\xc3\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00",  // drift, status
        80);
    EXPECT_EQ(Segment().bytes(), golden);
    const ClockBoundReading reading = parse_clockbound(golden).value();
    EXPECT_EQ(reading.generation, 4);
    EXPECT_EQ(reading.as_of, MonoTime(100s + 5ns));
    EXPECT_EQ(reading.void_after, MonoTime(1100s + 6ns));
    EXPECT_EQ(reading.bound, 98us);
    EXPECT_EQ(reading.disruption_marker, 77U);
    EXPECT_EQ(reading.max_drift, ppm(50));
    EXPECT_EQ(reading.status, ClockBoundStatus::kSynchronized);
    EXPECT_TRUE(reading.disruption_support);
}

TEST(ClockBound, MagicInTheOrderOfTheMachineToo) {
    Segment words;
    words.magic = base::Bytes("\x4e\x5a\x4d\x41\x00\x02\x42\x43", 8);
    EXPECT_TRUE(parse_clockbound(words.bytes()).has_value());
    // A whole page, as mapped, is fine.
    EXPECT_TRUE(parse_clockbound(words.bytes() + base::Bytes(4016, '\0')).has_value());
}

TEST(ClockBound, WriterActiveMeansAgain) {
    for (const std::uint16_t generation : std::initializer_list<std::uint16_t>{0, 1, 7, 65535}) {
        Segment segment;
        segment.generation = generation;
        EXPECT_EQ(error_of(parse_clockbound(segment.bytes())).code, base::Errc::kRetry);
    }
}

TEST(ClockBound, BadSegmentsAreCorrupt) {
    std::vector<Segment> bad(11);
    bad[0].magic = base::Bytes(8, 'x');
    bad[1].version = 1;
    bad[2].version = 3;
    bad[3].size = 72;
    bad[4].as_of_ns = 1'000'000'000;
    bad[5].as_of_s = UINT64_MAX;
    bad[6].void_after_s = std::uint64_t{INT64_MAX};
    bad[7].bound = UINT64_MAX;
    bad[8].bound = std::uint64_t{INT64_MAX};
    bad[9].status = 4;
    bad[10].status = UINT32_MAX;
    for (const Segment& segment : bad) {
        EXPECT_EQ(error_of(parse_clockbound(segment.bytes())).code, base::Errc::kCorrupt);
    }
    const base::Bytes whole = Segment().bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(error_of(parse_clockbound(whole.substr(0, size))).code, base::Errc::kCorrupt);
    }
}

TEST(ClockBound, RandomBytesAreHarmless) {
    base::Rng rng(9);
    for (int i = 0; i < 20'000; ++i) {
        base::Bytes bytes = Segment().bytes();
        for (std::uint64_t flips = rng.below(6); flips > 0; --flips) {
            bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
        }
        const auto reading = parse_clockbound(bytes);
        if (reading) {
            EXPECT_GE(reading->bound, 0s);
        }
    }
}

}  // namespace
}  // namespace distkv::time
