#include "model/entry_header.h"

#include <gtest/gtest.h>

namespace distkv::model {
namespace {

EntryHeader full() {
    EntryHeader header{.feature_level = 3,
                       .proposal = {7, 2, 300},
                       .hlc = {0x0123456789abcdef},
                       .origin = {{2}, 1},
                       .epoch = 4,
                       .policy_version = 5,
                       .dependencies = {},
                       .trace = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                       .transaction = {{16}}};
    header.dependencies.raise({{9}, {{1}, 0}});
    return header;
}

base::Bytes encoded(const EntryHeader& header) {
    base::Encoder out;
    header.encode(out);
    return std::move(out).take();
}

base::Result<EntryHeader> decoded(base::ByteView bytes) {
    base::Decoder in(bytes);
    return EntryHeader::decode(in);
}

TEST(EntryHeader, GoldenBytes) {
    EXPECT_EQ(encoded({}), base::Bytes("\x01\x00\x00", 3));
    const base::Bytes golden(
        "\x01\x03\xff\x01"
        "\x07\x02\xac\x02"
        "\xef\xcd\xab\x89\x67\x45\x23\x01"
        "\x02\x01"
        "\x04"
        "\x05"
        "\x01\x01\x00\x09\x00\x00\x00\x00\x00\x00\x00"
        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
        "\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        4 + 4 + 8 + 2 + 1 + 1 + 11 + 16 + 16);
    EXPECT_EQ(encoded(full()), golden);
    EXPECT_EQ(decoded(golden).value(), full());
}

TEST(EntryHeader, LeavesTheEffects) {
    const base::Bytes bytes = encoded(full()) + "effects";
    base::Decoder in(bytes);
    ASSERT_TRUE(EntryHeader::decode(in).has_value());
    EXPECT_EQ(in.rest(), "effects");
}

TEST(EntryHeader, EveryTruncationIsRefused) {
    const base::Bytes bytes = encoded(full());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decoded(base::ByteView(bytes).substr(0, size)).has_value()) << size;
    }
}

TEST(EntryHeader, UnknownPartsVersionsAndEmptyPartsAreRefused) {
    EXPECT_NE(decoded(base::Bytes("\x01\x00\x80\x02", 4)).error().detail.find("unknown parts"),
              std::string::npos);
    EXPECT_FALSE(decoded(base::Bytes("\x02\x00\x00", 3)).has_value());
    EXPECT_FALSE(decoded(base::Bytes("\x01\x00\x08\x00", 4)).has_value()) << "an epoch of zero";
}

}  // namespace
}  // namespace distkv::model
