#include "crdt/sketch.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::crdt {
namespace {

using base::Bytes;

Bytes random_element(base::Rng& rng) {
    const std::uint64_t word = rng.next();
    return Bytes(reinterpret_cast<const char*>(&word), sizeof word);
}

double error_of(const Sketch& sketch, std::uint64_t truth) {
    return static_cast<double>(sketch.estimate()) / static_cast<double>(truth) - 1;
}

TEST(Sketch, FewAreCountedExactly) {
    Sketch sketch;
    EXPECT_EQ(sketch.estimate(), 0U);
    for (std::uint64_t count = 1; count <= 50; ++count) {
        EXPECT_TRUE(sketch.add("element " + std::to_string(count)));
        EXPECT_FALSE(sketch.add("element " + std::to_string(count)));
        EXPECT_EQ(sketch.estimate(), count);
    }
}

TEST(Sketch, ErrorIsSmallAtEverySize) {
    double sum_of_squares = 0;
    int measured = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        base::Rng rng(seed);
        Sketch sketch;
        std::uint64_t next = 1000;
        for (std::uint64_t count = 1; count <= 1'000'000; ++count) {
            sketch.add(random_element(rng));
            if (count == next) {
                const double error = error_of(sketch, count);
                EXPECT_LT(std::abs(error), 0.03) << "seed " << seed << ", " << count;
                sum_of_squares += error * error;
                ++measured;
                next += next / 4;
            }
        }
    }
    const double typical = std::sqrt(sum_of_squares / measured);
    RecordProperty("typical_error_ppm", static_cast<int>(typical * 1e6));
    EXPECT_LT(typical, 0.0105);  // 1.04 / sqrt(16384) = 0.0081
}

TEST(Sketch, JoiningIsAddingAll) {
    base::Rng rng(1);
    Sketch one;
    Sketch other;
    Sketch all;
    for (int i = 0; i < 20'000; ++i) {
        const Bytes element = random_element(rng);
        (i % 3 == 0 ? one : other).add(element);
        all.add(element);
    }
    EXPECT_TRUE(one.join(other));
    EXPECT_EQ(one, all);
    EXPECT_FALSE(one.join(other));
    EXPECT_FALSE(one.join(one));
}

TEST(Sketch, BytesAreShortWhileItIsSmall) {
    base::Rng rng(1);
    Sketch sketch;
    std::size_t before = 0;
    for (std::uint64_t count = 0; count < 30'000; ++count) {
        if (count % 100 == 0) {
            const Bytes bytes = sketch.encode();
            EXPECT_EQ(*Sketch::decode(bytes), sketch);
            EXPECT_GE(bytes.size(), before);
            EXPECT_LE(bytes.size(), std::min<std::uint64_t>(5 + 3 * count, 12'290));
            before = bytes.size();
        }
        sketch.add(random_element(rng));
    }
    EXPECT_EQ(before, 12'290U);
}

TEST(Sketch, GoldenBytes) {
    Sketch sketch;
    EXPECT_EQ(sketch.encode(), Bytes("\x01\x00\x00", 3));
    sketch.add("");
    sketch.add("DistKV");
    // Register 2576, rank 1. XXH64 of "" is ef46db3751d8e999: 8072 on, register 10649, rank 1.
    const Bytes golden("\x01\x00\x02\x81\x88\x0a\x81\xc4\x1f", 9);
    EXPECT_EQ(sketch.encode(), golden);
    EXPECT_EQ(*Sketch::decode(golden), sketch);
}

TEST(Sketch, DamageIsRefused) {
    const auto refused = [](const Bytes& bytes) { return !Sketch::decode(bytes).has_value(); };
    EXPECT_TRUE(refused(""));
    EXPECT_TRUE(refused(Bytes("\x02\x00\x00", 3)));
    EXPECT_TRUE(refused(Bytes("\x01\x02\x00", 3)));
    EXPECT_TRUE(refused(Bytes("\x01\x00\x01", 3)));
    EXPECT_TRUE(refused(Bytes("\x01\x00\x01\x00", 4)));              // Rank 0.
    EXPECT_TRUE(refused(Bytes("\x01\x00\x01\x34", 4)));              // Rank 52.
    EXPECT_FALSE(refused(Bytes("\x01\x00\x01\x33", 4)));             // Rank 51.
    EXPECT_FALSE(refused(Bytes("\x01\x00\x01\xc1\xff\x3f", 6)));     // Register 16383.
    EXPECT_TRUE(refused(Bytes("\x01\x00\x01\x81\x80\x40", 6)));      // Register 16384.
    EXPECT_TRUE(refused(Bytes("\x01\x00\x02\xc1\xff\x3f\x01", 7)));  // And one behind it.
    EXPECT_TRUE(refused(Bytes("\x01\x00\x01\x01\x01", 5)));          // Trailing bytes.
    EXPECT_TRUE(refused(Bytes("\x01\x01", 2) + Bytes(12'287, '\0')));
    EXPECT_FALSE(refused(Bytes("\x01\x01", 2) + Bytes(12'288, '\0')));
    EXPECT_TRUE(refused(Bytes("\x01\x01", 2) + Bytes(12'288, '\xff')));
}

TEST(Sketch, AllRegistersAtTheirLimit) {
    Bytes dense("\x01\x01", 2);
    for (int i = 0; i < 4096; ++i) {
        dense += Bytes("\xf3\x3c\xcf", 3);  // Four times 51.
    }
    EXPECT_GT(Sketch::decode(dense)->estimate(), std::uint64_t{1} << 60);
}

}  // namespace
}  // namespace distkv::crdt
