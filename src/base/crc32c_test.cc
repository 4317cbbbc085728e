#include "base/crc32c.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::base {
namespace {

Bytes random_bytes(Rng& rng, std::size_t size) {
    Bytes bytes(size, '\0');
    for (char& c : bytes) {
        c = static_cast<char>(rng.next());
    }
    return bytes;
}

// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
TEST(Crc32c, PublishedVectors) {
    Bytes ascending(32, '\0');
    Bytes descending(32, '\0');
    for (std::size_t i = 0; i < 32; ++i) {
        ascending[i] = static_cast<char>(i);
        descending[i] = static_cast<char>(31 - i);
    }
    const struct {
        Bytes data;
        std::uint32_t crc;
    } cases[] = {
        {"", 0},
        {"123456789", 0xe3069283},
        {Bytes(32, '\0'), 0x8a9136aa},
        {Bytes(32, '\xff'), 0x62a8ab43},
        {ascending, 0x46dd794e},
        {descending, 0x113fdb5c},
    };
    for (const auto& [data, crc] : cases) {
        EXPECT_EQ(crc32c(data), crc);
        EXPECT_EQ(crc32c_portable(data), crc);
    }
}

TEST(Crc32c, InstructionAndTableAgreeAtEveryLengthOffsetAndSplit) {
    Rng rng(1);
    const Bytes all = random_bytes(rng, 96);
    for (std::size_t offset = 0; offset < 16; ++offset) {
        for (std::size_t size = 0; size + offset <= all.size(); ++size) {
            const ByteView data = ByteView(all).substr(offset, size);
            const std::uint32_t whole = crc32c_portable(data);
            ASSERT_EQ(crc32c(data), whole) << offset << " " << size;
            const auto seed = static_cast<std::uint32_t>(rng.next());
            ASSERT_EQ(crc32c(data, seed), crc32c_portable(data, seed));
        }
    }
    for (std::size_t split = 0; split <= all.size(); ++split) {
        const ByteView head = ByteView(all).substr(0, split);
        const ByteView tail = ByteView(all).substr(split);
        EXPECT_EQ(crc32c(tail, crc32c(head)), crc32c(all));
        EXPECT_EQ(crc32c(tail, crc32c_portable(head)), crc32c(all));
        EXPECT_EQ(crc32c_portable(tail, crc32c(head)), crc32c(all));
    }
}

TEST(Crc32c, EveryFlippedBitIsNoticed) {
    Rng rng(2);
    Bytes data = random_bytes(rng, 64);
    const std::uint32_t crc = crc32c(data);
    for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
        const auto mask = static_cast<char>(1U << (bit % 8));
        data[bit / 8] = static_cast<char>(data[bit / 8] ^ mask);
        EXPECT_NE(crc32c(data), crc);
        data[bit / 8] = static_cast<char>(data[bit / 8] ^ mask);
    }
}

}  // namespace
}  // namespace distkv::base
