#include "crdt/position.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::crdt {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// Numbers around every change of their length, ascending.
constexpr std::int64_t kNumbers[] = {kMin,
                                     kMin + 1,
                                     -(std::int64_t{1} << 56) - 1,
                                     -(std::int64_t{1} << 56),
                                     -65537,
                                     -65536,
                                     -257,
                                     -256,
                                     -255,
                                     -65,
                                     -64,
                                     -1,
                                     0,
                                     1,
                                     63,
                                     64,
                                     255,
                                     256,
                                     65535,
                                     65536,
                                     1 << 24,
                                     (std::int64_t{1} << 56) - 1,
                                     std::int64_t{1} << 56,
                                     kMax};

model::Dot dot_of(std::uint64_t stamp, std::uint64_t region, std::uint64_t incarnation = 1) {
    return {{stamp}, {model::RegionId{region}, incarnation}};
}

TEST(Position, NumbersHaveTheOrderOfTheirBytes) {
    base::Bytes before_rank;
    base::Bytes before_index;
    for (const std::int64_t number : kNumbers) {
        const Position ranked{{{.rank = number, .run = dot_of(7, 1)}}};
        const Position indexed{{{.run = dot_of(7, 1), .index = number}}};
        EXPECT_LT(before_rank, encode_position(ranked)) << number;
        EXPECT_LT(before_index, encode_position(indexed)) << number;
        before_rank = encode_position(ranked);
        before_index = encode_position(indexed);
        EXPECT_EQ(*decode_position(before_rank), ranked);
        EXPECT_EQ(*decode_position(before_index), indexed);
    }
}

TEST(Position, IsOrderedByRankThenStampThenOriginThenIndex) {
    const std::vector<Step> ascending = {
        {.rank = -1, .run = dot_of(9, 9), .index = 9},
        {.rank = 0, .run = dot_of(255, 9), .index = 9},
        {.rank = 0, .run = dot_of(256, 2, 9), .index = 9},
        {.rank = 0, .run = dot_of(256, 65535, 9), .index = 9},
        {.rank = 0, .run = dot_of(256, 65535, UINT32_MAX), .index = -1},
        {.rank = 0, .run = dot_of(256, 65535, UINT32_MAX), .index = 0},
        {.rank = 1, .run = dot_of(1, 1), .index = 0},
    };
    base::Bytes before;
    for (const Step& step : ascending) {
        const base::Bytes bytes = encode_position({{step}});
        EXPECT_LT(before, bytes);
        before = bytes;
    }
}

TEST(Position, GapsLieAroundTheirElement) {
    const Step top{.run = dot_of(5, 1)};
    const auto in = [&](Gap gap, std::int64_t index) {
        return encode_position({{top, {.gap = gap, .run = dot_of(9, 2), .index = index}}});
    };
    const base::Bytes element = encode_position({{top}});
    const base::Bytes next = encode_position({{{.run = dot_of(5, 1), .index = 1}}});
    const std::vector<base::Bytes> ascending = {in(Gap::kLeft, -1), in(Gap::kLeft, 0),  element,
                                                in(Gap::kRight, 0), in(Gap::kRight, 1), next};
    EXPECT_TRUE(std::ranges::is_sorted(ascending));
}

TEST(Position, GoldenBytes) {
    const Position position{{{.rank = -65, .run = dot_of(0x0102030405060708, 1, 2), .index = 300},
                             {.gap = Gap::kLeft, .run = dot_of(0xff, 700), .index = -1}}};
    const std::string_view golden(
        "\x3f\xbf\x01\x02\x03\x04\x05\x06\x07\x08\x81\x82\xc1\x01\x2c"
        "\x01\x80\x00\x00\x00\x00\x00\x00\x00\xff\xc1\x02\xbc\x81\x7f\x02",
        31);
    EXPECT_EQ(encode_position(position), golden);
    EXPECT_EQ(*decode_position(golden), position);
}

TEST(Position, DamageIsRefused) {
    const base::Bytes good = encode_position({{{.rank = 300, .run = dot_of(9, 700), .index = 5},
                                               {.gap = Gap::kRight, .run = dot_of(1, 1)}}});
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(decode_position(good.substr(0, size)).has_value()) << size;
    }
    EXPECT_FALSE(decode_position(good + 'x').has_value());
    const base::Bytes run(8, '\x07');
    const base::Bytes origin = "\x81\x81";
    const base::Bytes behind_rank = run + origin + "\x80\x02";
    EXPECT_TRUE(decode_position("\x80" + behind_rank).has_value());
    // Longer than need be: 63 in a byte of its own, -64, and 64 in two bytes.
    for (const base::Bytes& rank :
         {base::Bytes("\xc0\x3f", 2), base::Bytes("\x3f\xc0", 2), base::Bytes("\xc1\x00\x40", 3)}) {
        EXPECT_FALSE(decode_position(rank + behind_rank).has_value());
    }
    EXPECT_FALSE(decode_position("\x80" + run + "\x7f\x81\x80\x02").has_value());  // Region -1.
    EXPECT_FALSE(decode_position("\x80" + run + origin + "\x80\x04").has_value());
    EXPECT_FALSE(decode_position("\xff" + behind_rank).has_value());
}

// Whatever positions there are, if only a stranger made them up: what is new lies between.
TEST(Position, BetweenAnyTwoThereIsRoom) {
    base::Rng rng(1);
    const auto random_step = [&](bool top) {
        return Step{.gap = top                 ? Gap::kTop
                           : rng.below(2) == 0 ? Gap::kLeft
                                               : Gap::kRight,
                    .rank = rng.between(-1, 1),
                    .run = dot_of(1 + rng.below(2), 1 + rng.below(2)),
                    .index = rng.between(-2, 2)};
    };
    std::uint64_t tried = 0;
    while (tried < 200'000) {
        Position pair[2];
        for (Position& position : pair) {
            for (std::uint64_t depth = 1 + rng.below(3); depth > 0; --depth) {
                position.steps.push_back(random_step(position.steps.empty()));
            }
        }
        if (rng.below(2) == 0) {  // Two of one family.
            pair[1].steps = pair[0].steps;
            pair[1].steps.back().index += rng.between(0, 1);
            pair[1].steps.push_back(random_step(false));
        }
        base::Bytes left = encode_position(pair[0]);
        base::Bytes right = encode_position(pair[1]);
        if (left == right) {
            continue;
        }
        ++tried;
        const int low = left < right ? 0 : 1;
        const Position between =
            position_between(&pair[low], &pair[1 - low], dot_of(100, 1 + rng.below(3)));
        ASSERT_LT(std::min(left, right), encode_position(between));
        ASSERT_LT(encode_position(between), std::max(left, right));
        const Position first = position_between(nullptr, &pair[low], dot_of(100, 1));
        ASSERT_LT(encode_position(first), std::min(left, right));
        const Position last = position_between(&pair[1 - low], nullptr, dot_of(100, 1));
        ASSERT_LT(std::max(left, right), encode_position(last));
    }
}

TEST(Position, LastRankHasNoNext) {
    const Position last{{{.rank = kMax, .run = dot_of(1, 1), .index = 3}}};
    const Position first{{{.rank = kMin, .run = dot_of(1, 1), .index = 3}}};
    EXPECT_LT(encode_position(last),
              encode_position(position_between(&last, nullptr, dot_of(5, 2))));
    EXPECT_GT(encode_position(first),
              encode_position(position_between(nullptr, &first, dot_of(5, 2))));
}

}  // namespace
}  // namespace distkv::crdt
