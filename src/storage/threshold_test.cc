#include "storage/threshold.h"

#include <memory>

#include <gtest/gtest.h>

namespace distkv::storage {
namespace {

using model::VersionVector;
constexpr model::Origin kVirginia{{1}, 0};
constexpr model::Origin kIreland{{2}, 0};

VersionVector at(std::uint64_t virginia, std::uint64_t ireland) {
    VersionVector vector;
    vector.raise({{virginia}, kVirginia});
    vector.raise({{ireland}, kIreland});
    return vector;
}

TEST(CollectionThreshold, HoldsKeepItBackUntilTheyGo) {
    CollectionThreshold threshold({});
    EXPECT_EQ(threshold.limit(at(10, 10)), at(10, 10));
    auto stream = std::make_unique<CollectionThreshold::Hold>(threshold, at(10, 4), "stream");
    const CollectionThreshold::Hold backup(threshold, at(8, 9), "backup");
    EXPECT_EQ(threshold.limit(at(10, 10)), at(8, 4));
    EXPECT_EQ(threshold.holders().size(), 2U);
    stream->raise(at(0, 7));
    EXPECT_EQ(threshold.limit(at(10, 10)), at(8, 7));
    stream.reset();
    EXPECT_EQ(threshold.limit(at(10, 10)), at(8, 9));
}

TEST(CollectionThreshold, NeverGoesBackAndRefusesReadsBelow) {
    CollectionThreshold threshold({});
    EXPECT_TRUE(threshold.check_readable({}).has_value());
    threshold.advance(at(5, 5));
    EXPECT_EQ(threshold.limit(at(3, 9)), at(5, 9));
    const CollectionThreshold::Hold late(threshold, at(1, 1), "late");
    EXPECT_EQ(threshold.limit(at(9, 9)), at(5, 5));
    EXPECT_TRUE(threshold.check_readable(at(5, 7)).has_value());
    const auto refused = threshold.check_readable(at(7, 4));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, base::Errc::kInvalid);
    EXPECT_TRUE(refused.error().detail.contains("were collected"));
}

TEST(CollectionThreshold, SurvivesEncoding) {
    const base::Bytes bytes = encode_threshold(at(5, 6));
    EXPECT_EQ(decode_threshold(bytes).value(), at(5, 6));
    EXPECT_EQ(bytes.substr(0, 2), base::Bytes("\x01\x02", 2));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_threshold(base::ByteView(bytes).substr(0, size)).has_value());
    }
}

}  // namespace
}  // namespace distkv::storage
