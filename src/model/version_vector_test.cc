#include "model/version_vector.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::model {
namespace {

constexpr Origin kVirginia{{1}, 0};
constexpr Origin kIreland{{2}, 0};
constexpr Origin kIrelandAgain{{2}, 1};

Dot dot(std::uint64_t word, Origin origin) {
    return {{word}, origin};
}

VersionVector random_vector(base::Rng& rng) {
    VersionVector vector;
    for (const Origin origin : {kVirginia, kIreland, kIrelandAgain}) {
        vector.raise(dot(rng.below(3), origin));
    }
    return vector;
}

TEST(VersionVector, CoversWhatItHasSeenOfEachIncarnation) {
    VersionVector seen;
    seen.raise(dot(7, kIreland));
    EXPECT_TRUE(seen.covers(dot(7, kIreland)));
    EXPECT_FALSE(seen.covers(dot(8, kIreland)));
    EXPECT_FALSE(seen.covers(dot(1, kIrelandAgain)));
    EXPECT_FALSE(seen.covers(dot(1, kVirginia)));
    seen.raise(dot(3, kIreland));
    EXPECT_EQ(seen.of(kIreland).word, 7U);
    seen.forget(kIreland);
    EXPECT_TRUE(seen.empty());
}

TEST(VersionVector, Compares) {
    VersionVector a;
    VersionVector b;
    EXPECT_EQ(a.compared_to(b), Causality::kEqual);
    a.raise(dot(1, kVirginia));
    EXPECT_EQ(a.compared_to(b), Causality::kAfter);
    EXPECT_EQ(b.compared_to(a), Causality::kBefore);
    b.raise(dot(1, kIreland));
    EXPECT_EQ(a.compared_to(b), Causality::kConcurrent);
}

TEST(VersionVector, JoinIsTheLeastUpperBound) {
    base::Rng rng(1);
    for (int i = 0; i < 10'000; ++i) {
        const VersionVector a = random_vector(rng);
        const VersionVector b = random_vector(rng);
        VersionVector ab = a;
        ab.join(b);
        VersionVector ba = b;
        ba.join(a);
        ASSERT_EQ(ab, ba);
        VersionVector below = a;
        below.meet(b);
        ASSERT_TRUE(a.covers(below) && b.covers(below));
        ASSERT_EQ(below == a, b.covers(a));
        ASSERT_TRUE(ab.covers(a) && ab.covers(b));
        const VersionVector other = random_vector(rng);
        if (other.covers(a) && other.covers(b)) {
            ASSERT_TRUE(other.covers(ab));
        }
    }
}

TEST(VersionVector, EncodesAndDecodesAndRefusesWhatItWouldNotWrite) {
    VersionVector vector;
    vector.raise(dot(7, kIrelandAgain));
    vector.raise(dot(9, kVirginia));
    base::Encoder out;
    vector.encode(out);
    const base::Bytes golden("\x02\x01\x00\x09\0\0\0\0\0\0\0\x02\x01\x07\0\0\0\0\0\0\0", 21);
    EXPECT_EQ(out.view(), golden);
    base::Decoder in(golden);
    EXPECT_EQ(VersionVector::decode(in).value(), vector);
    for (std::size_t size = 0; size < golden.size(); ++size) {
        base::Decoder cut(base::ByteView(golden).substr(0, size));
        EXPECT_FALSE(VersionVector::decode(cut).has_value()) << size;
    }
    base::Bytes twice = golden;
    twice.replace(11, 10, golden.substr(1, 10));
    base::Decoder repeated(twice);
    EXPECT_FALSE(VersionVector::decode(repeated).has_value());
}

TEST(Origin, RefusesNumbersOutOfRange) {
    base::Encoder out;
    out.varint(kRegionIdMax + 1);
    out.varint(0);
    base::Decoder in(out.view());
    EXPECT_EQ(Origin::decode(in).error().code, base::Errc::kCorrupt);
}

TEST(Origin, ReadsWell) {
    EXPECT_EQ(to_string(kIrelandAgain), "2.1");
    EXPECT_EQ(to_string(Dot{{}, kVirginia}), "1970-01-01T00:00:00.000000Z+0@1.0");
}

}  // namespace
}  // namespace distkv::model
