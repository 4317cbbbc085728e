// Blocks: made up at the end of the newest segment, written and synced, or taken back.
#include "storage_log/block.h"

#include <utility>

#include "base/mutant.h"
#include "storage_log/log.h"

namespace distkv::storage_log {

using base::Errc;
using base::Error;
using base::Result;
using world::Task;

namespace {

// Blocks up to this size are written into zeros that are there already: a sync that need not make
// the file longer takes two thirds of the time. For larger ones writing twice costs more than that.
constexpr std::size_t kSmallBlockBytes = std::size_t{16} << 10;

}  // namespace

bool Log::segment_is_full() const {
    return segments_.empty() || segments_.rbegin()->second.bytes >= options_.segment_bytes;
}

// While nothing else is in the air. Says where the records stand.
Task<Result<std::vector<Place>>> Log::write_block(const std::vector<const Record*>& records) {
    if (segment_is_full()) {
        CO_TRY(co_await next_segment());
    }
    Block block = make_block(records);
    if (const Result<void> written = co_await put(block); !written) {
        co_return std::unexpected(co_await take_back(written.error(), block));
    }
    co_return std::move(block.places);
}

// From now on the log ends behind it.
Log::Block Log::make_block(const std::vector<const Record*>& records) {
    auto& [number, segment] = *segments_.rbegin();
    Block block{.at = {number, segment.bytes}};
    BlockBuilder builder(log_id_, block.at, summary_);
    std::size_t bytes = 0;
    for (const Record* const record : records) {
        bytes += kRecordHeaderBytes + record->body.size();
    }
    builder.reserve(bytes);
    block.places.reserve(records.size());
    for (const Record* const record : records) {
        block.places.push_back(builder.add(*record));
    }
    Summary summary;
    block.bytes = builder.finish(summary);
    block.size = block.bytes.size();
    block.summary_before = std::exchange(summary_, std::move(summary));
    block.zeros_behind =
        block.size <= kSmallBlockBytes && segment.bytes + block.size > segment.file->size();
    segment.bytes += block.size;
    covered_ = false;
    return block;
}

// Writes and syncs it, with zeros behind it if there is room.
Task<Result<void>> Log::put(Block& block) {
    const auto file = segments_.at(block.at.segment).file;
    const std::uint64_t offset = block.at.offset;
    Result<void> done = base::fail(Errc::kFull, "");
    if (block.zeros_behind) {
        base::Bytes longer;
        longer.reserve(block.size + options_.zeros_ahead);
        longer = block.bytes;
        longer.resize(block.size + options_.zeros_ahead);
        done = co_await put(*file, offset, std::move(longer));
        if (!done && done.error().code == Errc::kFull) {  // Or only without the zeros.
            if (const Result<void> cut = co_await file->truncate(offset); !cut) {
                co_return cut;
            }
        }
    }
    if (!done && done.error().code == Errc::kFull) {
        done = co_await put(*file, offset, std::move(block.bytes));
    }
    block.bytes = {};
    if (done) {
        ++counts_.syncs;
        ++counts_.blocks;
        ++blocks_since_collection_;
        counts_.bytes += block.size;
    }
    co_return done;
}

Task<Result<void>> Log::put(world::File& file, std::uint64_t offset, base::Bytes bytes) {
    co_return MUTANT(log_skips_sync) ? co_await file.write(offset, std::move(bytes))
                                     : co_await file.write_synced(offset, std::move(bytes));
}

// A prefix of the block may be there. It must be gone, durably, before anybody hears "refused".
// What was made up behind it was never written. Says what the caller should say.
Task<Error> Log::take_back(Error why, const Block& block) {
    if (why.code != Errc::kFull) {
        co_return why;
    }
    ++counts_.refused;
    summary_ = block.summary_before;
    auto& segment = segments_.rbegin()->second;
    segment.bytes = block.at.offset;
    const auto file = segment.file;
    for (const bool syncing : {false, true}) {
        const Result<void> back =
            syncing ? co_await file->sync() : co_await file->truncate(block.at.offset);
        if (!back) {
            co_return Error{Errc::kUnknown,
                            "cannot take back a block that had no room: " + back.error().detail};
        }
    }
    co_return why;
}

Task<Result<void>> Log::next_segment() {
    const std::uint64_t number = segments_.empty() ? 1 : segments_.rbegin()->first + 1;
    const std::uint64_t before = segments_.empty() ? 0 : segments_.rbegin()->second.bytes;
    std::string path = path_of(number);
    // Left there by an attempt that found no space; it holds nothing.
    auto file = co_await world_.disk().open(path, world::OpenMode::kCreate);
    Result<void> made = file ? co_await (*file)->truncate(0) : std::unexpected(file.error());
    if (made) {
        made = co_await (*file)->write_synced(0, encode_segment_header({log_id_, number, before}));
    }
    if (made) {
        made = co_await world_.disk().sync_directory(options_.directory);
    }
    if (!made) {
        co_return made;
    }
    segments_[number] = {std::move(*file), kFirstBlockAt, {}};
    counts_.bytes += kFirstBlockAt;
    ++counts_.syncs;
    co_return Result<void>();
}

}  // namespace distkv::storage_log
