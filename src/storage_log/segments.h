// What the files of a log say of themselves, before their blocks are read. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage_log/group_log.h"
#include "storage_log/scan.h"

namespace distkv::storage_log {

// "0000000000000001.log", and back; nothing for a file that is not a segment.
std::string segment_name(std::uint64_t number);
std::optional<std::uint64_t> segment_number(std::string_view name);

struct SegmentFacts {
    std::uint64_t number = 0;
    std::optional<SegmentHeader> header;        // None: damaged.
    std::optional<std::uint64_t> id_in_blocks;  // Looked for when the header is damaged.

    // Its header is made durable before its first block is begun: without either, nothing in it was
    // ever acknowledged.
    [[nodiscard]] bool unborn() const { return !header && !id_in_blocks; }
};

// kInvalid: a format that this program does not know.
base::Result<SegmentFacts> look_at_segment(std::uint64_t number, base::ByteView bytes);

// By the headers, else by the blocks; 0 when nothing says.
std::uint64_t log_id_of(const std::vector<SegmentFacts>& segments);

// Makes `bytes` what had been made durable of a segment when the one after it was begun: what is
// missing of it then shows as damage, what is beyond was never begun. Without a next one, all of
// it.
void trim_by_the_next(const SegmentFacts& segment, const SegmentFacts* next, base::Bytes& bytes);

// Hands a segment to the scanner, and before it those that are missing.
void scan_segment(Scanner& scanner, const SegmentFacts& segment, const SegmentFacts* before,
                  base::ByteView bytes, bool last);

// A log that nobody has opened, looked at without changing it.
struct Inspection {
    std::uint64_t log_id = 0;
    struct Segment {
        std::uint64_t number;
        std::uint64_t bytes;
        bool header_damaged;
    };
    std::vector<Segment> segments;
    std::uint64_t blocks = 0;
    std::uint64_t records = 0;
    std::uint64_t tail_bytes = 0;  // Never acknowledged; the next start cuts them.
    std::vector<Damage> damage;
    std::map<GroupId, GroupLog> groups;
};

struct SegmentBytes {
    std::uint64_t number = 0;
    base::Bytes bytes;
};

// `segments` ascending; `on_record` hears of every record, in order.
base::Result<Inspection> inspect(const std::vector<SegmentBytes>& segments,
                                 const std::function<void(const Scanner::Found&)>& on_record);

}  // namespace distkv::storage_log
