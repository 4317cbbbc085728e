// The bytes of a segment. Pure: whoever has the file feeds what it reads and writes what this
// returns.
//
//     segment = header, header again, block, block, ...      blocks begin at multiples of 8
//
// Segment header (64 bytes, twice, so that one flipped bit loses nothing):
//      0  u32  crc32c of bytes 4 to 64        8  u64  log id: random, the same in all segments
//      4  u32  magic "DKVS"                  16  u64  number of the segment
//     24  u32  format version                28  u32  0
//     32  u64  bytes of the segment before it: all of them were durable when this one was begun
//     40       0
//
// A block is what was written at once and made durable by one sync:
//      0  u32  crc32c of bytes 4 to 48 and the summary
//      4  u32  magic "DKVB"                   8  u64  log id
//     16  u64  number of the segment         24  u64  where in the segment the block begins
//     32  u32  bytes of the records          36  u32  number of the records
//     40  u32  bytes of the summary          44  u32  0
//     48       summary, then records, then zeros to the next multiple of 8
//
// **Blocks are written one at a time**: each is begun when the one before it is durable. So a
// valid block proves that all before it had been made durable, and damage there is corruption; a
// block that is not whole with none behind it was never acknowledged, and is cut. When the writer
// has been idle for a moment it writes a block without records, which covers the last one.
//
// The summary says which records the block before this one holds, so that damage can be named even
// where the header of a record is damaged too.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/codec.h"
#include "base/result.h"
#include "storage_log/record.h"

namespace distkv::storage_log {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFirstBlockAt = 2 * kSegmentHeaderBytes;
inline constexpr std::size_t kBlockHeaderBytes = 48;
inline constexpr std::size_t kRecordHeaderBytes = 40;
inline constexpr std::size_t kBlockAlignment = 8;

// A place in the log.
struct Place {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;

    auto operator<=>(const Place&) const = default;
};

std::string to_string(const Place& place);  // "segment 3 at 4096"

struct SegmentHeader {
    std::uint64_t log_id = 0;
    std::uint64_t number = 0;
    std::uint64_t bytes_before = 0;  // Of the segment before it.

    bool operator==(const SegmentHeader&) const = default;
};

base::Bytes encode_segment_header(const SegmentHeader& header);  // Both copies.
base::Result<SegmentHeader> decode_segment_header(base::ByteView bytes);

// Records of one kind and group, of adjoining indexes.
struct SummaryLine {
    RecordKind kind;
    GroupId group;
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool operator==(const SummaryLine&) const = default;
};

struct Summary {
    Place of;  // Where the block begins that this is about.
    std::vector<SummaryLine> lines;

    bool operator==(const Summary&) const = default;
};

// Collects records into the block that is to stand at `at`.
class BlockBuilder {
public:
    BlockBuilder(std::uint64_t log_id, Place at, const Summary& about_the_block_before);

    // Room for records of so many bytes, headers included.
    void reserve(std::size_t bytes) { bytes_.reserve(bytes_.size() + bytes + kBlockAlignment); }

    // Where the record will stand.
    Place add(const Record& record);

    [[nodiscard]] std::size_t records() const { return count_; }

    // The block, padded. `summary` becomes what the next one has to say about this one.
    base::Bytes finish(Summary& summary);

private:
    std::uint64_t log_id_;
    Place at_;
    base::Bytes bytes_;
    std::size_t records_at_ = 0;
    std::uint32_t count_ = 0;
    std::vector<SummaryLine> lines_;
};

struct BlockHeader {
    std::uint64_t log_id = 0;
    std::size_t records_at = 0;  // Within the block.
    std::uint32_t records_bytes = 0;
    std::uint32_t records = 0;
    Summary summary;

    // Padding included.
    [[nodiscard]] std::size_t size() const {
        return (records_at + records_bytes + kBlockAlignment - 1) & ~(kBlockAlignment - 1);
    }
};

// The header and summary of the block that begins these bytes, if it is valid there.
std::optional<BlockHeader> parse_block(base::ByteView bytes, Place at);

// What stands at a record's place.
struct ParsedRecord {
    enum class State : std::uint8_t { kWhole, kBodyDamaged, kDamaged };

    State state = State::kDamaged;
    Record record;         // Without a body unless it is whole.
    std::size_t size = 0;  // Header and body; 0 when the header is damaged.
};
ParsedRecord parse_record(base::ByteView bytes, std::uint64_t log_id, Place at);

// Adds one record to lines about those before it.
void summarise(std::vector<SummaryLine>& lines, const Record& record);

base::Bytes encode_hard_state(const HardState& state);
base::Result<HardState> decode_hard_state(const Record& record);

}  // namespace distkv::storage_log
