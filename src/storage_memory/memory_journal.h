// The records that the memory engine's two kinds of file are made of: the journal (batches, in
// order, and marks) and the image (a header, batches of puts, an end).
//
//     crc32c    u32  of all that follows
//     length    u64  of what follows this field
//     version   u8   1
//     kind      u8   1 batch, 2 synced mark, 3 image header, 4 image end
//     kind 1:   sequence u64, changes varint, each: kind u8 (0 put, 1 remove, 2 remove range),
//               key (varint length, bytes), value (the same)
//     kind 2:   magic u64, offset u64
//     kind 3:   generation u64, sequence u64
//     kind 4:   entries u64
//
// A mark says: all bytes before `offset`, which is its own place, had been synced when it was
// written. So damage below a readable mark is damage, and what is unreadable beyond the last mark
// is a tail that was never acknowledged. A flush is acknowledged after its mark is synced too: the
// mark that covers the last flush must not be lost with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/batch.h"

namespace distkv::storage_memory::journal {

using storage::Batch;

base::Bytes batch_record(std::uint64_t sequence, const Batch& batch);
base::Bytes mark_record(std::uint64_t offset);
base::Bytes header_record(std::uint64_t generation, std::uint64_t sequence);
base::Bytes end_record(std::uint64_t entries);

struct Record {
    enum class Kind : std::uint8_t { kBatch = 1, kMark = 2, kHeader = 3, kEnd = 4 };
    Kind kind = Kind::kBatch;
    std::uint64_t sequence = 0;    // Of a batch or a header.
    std::uint64_t generation = 0;  // Of a header.
    std::uint64_t offset = 0;      // Of a mark.
    std::uint64_t entries = 0;     // Of an end.
    Batch batch;
    std::size_t bytes = 0;  // Of the whole record in the file.
};

// The record that `input` begins with.
base::Result<Record> read_record(base::ByteView input);

// The place of the first valid mark at or beyond `from`.
std::optional<std::uint64_t> find_mark(base::ByteView file, std::uint64_t from);

}  // namespace distkv::storage_memory::journal
