#include "storage_memory/memory_journal.h"

#include <gtest/gtest.h>

namespace distkv::storage_memory::journal {
namespace {

using base::Bytes;
using base::Errc;
using namespace std::string_literals;

Batch sample() {
    Batch batch;
    batch.put("k", "v1");
    batch.remove("");
    batch.remove_range("a", "\xff");
    return batch;
}

std::string hex(const Bytes& bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char byte : bytes) {
        out += kDigits[static_cast<unsigned char>(byte) >> 4U];
        out += kDigits[static_cast<unsigned char>(byte) & 15U];
    }
    return out;
}

// The checksum, the first four bytes, is shown once: crc32c_test.cc has the rest.
TEST(MemoryJournal, RecordsHaveFixedBytes) {
    EXPECT_EQ(hex(batch_record(5, sample())).substr(8),
              "1900000000000000"  // length
              "0101"              // version, batch
              "0500000000000000"  // sequence
              "03"                // changes
              "00016b027631"      // put k v1
              "010000"            // remove the empty key
              "02016101ff");      // remove a to ff
    EXPECT_EQ(hex(mark_record(0x1234)).substr(8),
              "1200000000000000"
              "0102"
              "535963644d61726b"
              "3412000000000000");
    EXPECT_EQ(hex(header_record(3, 9)).substr(8),
              "1200000000000000"
              "0103"
              "0300000000000000"
              "0900000000000000");
    EXPECT_EQ(hex(end_record(2)).substr(8),
              "0a00000000000000"
              "0104"
              "0200000000000000");
    EXPECT_EQ(hex(end_record(2)).substr(0, 8), "f29b5e2b");
}

TEST(MemoryJournal, ReadsWhatItWrote) {
    const Bytes bytes = batch_record(5, sample());
    const auto record = read_record(bytes + "more");
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->kind, Record::Kind::kBatch);
    EXPECT_EQ(record->sequence, 5U);
    EXPECT_EQ(record->bytes, bytes.size());
    ASSERT_EQ(record->batch.changes().size(), 3U);
    EXPECT_EQ(record->batch.changes()[2].kind, Batch::Kind::kRemoveRange);
    EXPECT_EQ(record->batch.changes()[2].value, "\xff");
}

TEST(MemoryJournal, RefusesEveryTruncationAndEveryFlippedBit) {
    for (const Bytes& whole :
         {batch_record(5, sample()), mark_record(7), header_record(1, 2), end_record(3)}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_EQ(read_record(whole.substr(0, size)).error().code, Errc::kCorrupt) << size;
        }
        for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
            Bytes damaged = whole;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
            EXPECT_EQ(read_record(damaged).error().code, Errc::kCorrupt) << bit;
        }
    }
}

TEST(MemoryJournal, FindsOnlyMarksOfTheirOwnPlace) {
    Batch decoy;
    decoy.put("k", mark_record(3));
    const Bytes before = batch_record(1, decoy);
    EXPECT_FALSE(find_mark(before, 0).has_value());
    const Bytes file = before + mark_record(before.size());
    EXPECT_EQ(find_mark(file, 0), before.size());
    EXPECT_EQ(find_mark(file, before.size()), before.size());
    EXPECT_FALSE(find_mark(file, before.size() + 1).has_value());
}

}  // namespace
}  // namespace distkv::storage_memory::journal
