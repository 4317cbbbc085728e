// Entries come from memory while they are young, from their segments later.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage_log/log.h"

namespace distkv::storage_log {

using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr std::size_t kRunBytesMax = std::size_t{1} << 20;  // One read of neighbours.

}  // namespace

void Log::keep_in_memory(GroupLog& group, Record entry, Place at) {
    if (entry.body.size() > options_.cache_bytes || entry.index < group.first()) {
        return;
    }
    const std::size_t bytes = sizeof(Cached) + entry.body.size();
    group.cache(entry.index, std::make_shared<const base::Bytes>(std::move(entry.body)));
    cached_.push_back({entry.group, entry.index, at, bytes});
    cached_bytes_ += bytes;
    while (cached_bytes_ > options_.cache_bytes) {
        const Cached& oldest = cached_.front();
        if (const auto found = groups_.find(oldest.group); found != groups_.end()) {
            found->second.uncache(oldest.index, oldest.at);
        }
        cached_bytes_ -= oldest.bytes;
        cached_.pop_front();
    }
}

Task<Result<std::vector<Record>>> Log::read(GroupId id, IndexRange range, std::size_t bytes_max) {
    std::vector<Record> records;
    std::size_t bytes = 0;
    std::uint64_t next = range.first;
    while (next <= range.last && (records.empty() || bytes < bytes_max)) {
        const GroupLog* const group = find(id);
        const EntryPlace* const place = group == nullptr ? nullptr : group->entry(next);
        if (place == nullptr) {
            if (!records.empty()) {
                break;
            }
            co_return base::fail(Errc::kNotFound, "group " + to_string(id) + " has no entry " +
                                                      std::to_string(next) + " in the log");
        }
        if (!place->there()) {
            if (!records.empty()) {
                break;
            }
            co_return base::fail(Errc::kCorrupt, "entry " + std::to_string(next) + " of group " +
                                                     to_string(id) + " is damaged");
        }
        if (place->cached) {
            ++counts_.reads_cached;
            bytes += place->cached->size();
            records.push_back({RecordKind::kEntry, id, next, place->term, *place->cached});
            ++next;
            continue;
        }
        const IndexRange run =
            run_on_disk(*group, next, range.last, records.empty() ? bytes_max : bytes_max - bytes);
        auto more = co_await read_run(id, run);
        if (!more) {
            if (!records.empty()) {
                break;
            }
            co_return std::unexpected(more.error());
        }
        for (Record& record : *more) {
            bytes += record.body.size();
            records.push_back(std::move(record));
            ++next;
        }
    }
    co_return records;
}

// Entries that follow each other on the disk too; at least the first.
IndexRange Log::run_on_disk(const GroupLog& group, std::uint64_t first, std::uint64_t last,
                            std::size_t bytes_max) const {
    IndexRange run{first, first};
    const EntryPlace* before = group.entry(first);
    std::size_t bytes = before->size;
    const std::size_t limit = std::min(bytes_max, kRunBytesMax);
    while (run.last < last && bytes < limit) {
        const EntryPlace* const place = group.entry(run.last + 1);
        if (place == nullptr || !place->there() || place->cached ||
            place->at != Place{before->at.segment, before->at.offset + before->size}) {
            break;
        }
        bytes += place->size;
        before = place;
        ++run.last;
    }
    return run;
}

Task<Result<std::vector<Record>>> Log::read_run(GroupId id, IndexRange run) {
    std::vector<EntryPlace> places;
    std::size_t bytes = 0;
    for (std::uint64_t index = run.first; index <= run.last; ++index) {
        places.push_back(*find(id)->entry(index));
        bytes += places.back().size;
    }
    const Place from = places.front().at;
    const std::shared_ptr<world::File> file = segments_.at(from.segment).file;
    const base::Bytes data = CO_TRY(co_await file->read(from.offset, bytes));
    ++counts_.reads_from_disk;

    std::vector<Record> records;
    std::size_t offset = 0;
    for (const EntryPlace& place : places) {
        const std::uint64_t index = run.first + records.size();
        const base::ByteView rest = base::ByteView(data).substr(std::min(offset, data.size()));
        ParsedRecord parsed = parse_record(rest, log_id_, place.at);
        const GroupLog* const group = find(id);
        const EntryPlace* const now = group == nullptr ? nullptr : group->entry(index);
        if (now == nullptr || now->term != place.term) {
            co_return base::fail(Errc::kRetry, "the log changed while it was read");
        }
        if (parsed.state != ParsedRecord::State::kWhole || parsed.record.index != index ||
            parsed.record.group != id) {
            if (now->at == place.at) {
                take_damage({place.at, place.size, {{RecordKind::kCopy, id, index, index}}, true});
                groups_.at(id).lose_entry(index, *this);
            }
            co_return base::fail(Errc::kCorrupt, "entry " + std::to_string(index) + " of group " +
                                                     to_string(id) + " is damaged at " +
                                                     to_string(place.at));
        }
        parsed.record.kind = RecordKind::kEntry;
        records.push_back(std::move(parsed.record));
        offset += place.size;
    }
    co_return records;
}

}  // namespace distkv::storage_log
