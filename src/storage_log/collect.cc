// Gives segments back. Oldest first, always: a record may undo an earlier one (a cut, a truncation,
// a newer hard state), so none may go while an earlier one stays.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage_log/log.h"

namespace distkv::storage_log {

using base::Errc;
using base::Result;
using world::Task;

namespace {

// Of writers, between two steps of collection; none waits for more than a block's worth of copies.
constexpr std::uint64_t kBlocksPerCollection = 4;

// Freed in one step: small segments may come faster than steps.
constexpr int kFreedPerStep = 16;

}  // namespace

// Beyond this what is needed of the oldest segment is written again.
std::uint64_t Log::bytes_wanted() const {
    return options_.garbage_factor * live_bytes_ + 3 * options_.segment_bytes;
}

bool Log::wants_collection() const {
    return oldest_may_go() && (segments_.begin()->second.live.empty() || bytes() > bytes_wanted());
}

bool Log::oldest_may_go() const {
    return segments_.size() > 1 && !collecting_hurts_ && !holds_damage(segments_.begin()->first);
}

// Also while there is always more to write, else a busy log would never give anything back; and
// more often when it has grown too large all the same.
bool Log::collection_is_due() const {
    const std::uint64_t blocks = bytes() > 2 * bytes_wanted() ? 1 : kBlocksPerCollection;
    return blocks_since_collection_ >= blocks && wants_collection();
}

// Freed, it could no longer say what is missing.
bool Log::holds_damage(std::uint64_t segment) const {
    return std::ranges::any_of(recovery_.damage, [&](const Damage& damage) {
        if (damage.at.segment > segment) {
            return false;
        }
        return !damage.all_named || std::ranges::any_of(damage.lost, [&](const SummaryLine& line) {
            const GroupLog* const group = find(line.group);
            return group != nullptr && !group->is_whole();
        });
    });
}

// One step, so that writers do not wait for long.
Task<Result<void>> Log::collect() {
    blocks_since_collection_ = 0;
    for (int i = 0; i < kFreedPerStep; ++i) {
        if (!oldest_may_go() || !segments_.begin()->second.live.empty()) {
            break;
        }
        CO_TRY(co_await free_oldest());
    }
    if (!wants_collection()) {
        co_return Result<void>();
    }
    const Result<void> done =
        co_await copy_forward(CO_TRY(co_await gather(segments_.begin()->first)));
    if (!done && done.error().code == Errc::kFull) {
        collecting_hurts_ = true;
        co_return Result<void>();
    }
    co_return done;
}

// A batch of what the segment still holds, with bodies.
Task<Result<std::vector<GroupLog::Live>>> Log::gather(std::uint64_t segment) {
    std::vector<GroupLog::Live> batch;
    std::size_t bytes = 0;
    std::vector<GroupId> ids;
    for (const auto& [id, count] : segments_.at(segment).live) {
        ids.push_back(id);
    }
    for (const GroupId id : ids) {
        const auto found = groups_.find(id);
        if (found == groups_.end()) {
            continue;
        }
        std::vector<GroupLog::Live> live = found->second.live_in(segment);
        if (live.empty()) {
            found->second.free_segment(segment, *this);
        }
        for (GroupLog::Live& each : live) {
            if (bytes >= options_.batch_bytes) {
                co_return batch;
            }
            if (each.size > 0) {
                const std::uint64_t index = each.record.index;
                auto body = co_await read(id, {index, index}, 1);
                if (!body) {
                    continue;  // Gone meanwhile, or damaged: then the segment is kept.
                }
                each.record.body = std::move(body->front().body);
            }
            bytes += kRecordHeaderBytes + each.record.body.size();
            batch.push_back(std::move(each));
        }
    }
    co_return batch;
}

// Only this writer changes the index, and only when a block is durable: what is live when the block
// is made up is so when it is written.
Task<Result<void>> Log::copy_forward(std::vector<GroupLog::Live> live) {
    std::erase_if(live, [&](const GroupLog::Live& each) {
        const auto found = groups_.find(each.record.group);
        return found == groups_.end() || !found->second.is_live(each);
    });
    std::vector<const Record*> records;
    for (const GroupLog::Live& each : live) {
        records.push_back(&each.record);
    }
    const std::vector<Place> places = CO_TRY(co_await write_block(records));
    for (std::size_t i = 0; i < live.size(); ++i) {
        apply(*records[i], places[i], kRecordHeaderBytes + records[i]->body.size());
        ++counts_.records_copied;
    }
    co_return Result<void>();
}

Task<Result<void>> Log::free_oldest() {
    const std::uint64_t oldest = segments_.begin()->first;
    CHECK(segments_.begin()->second.live.empty() && segments_.size() > 1);
    // Reads under way keep the file open.
    segments_.erase(oldest);
    CO_TRY(co_await world_.disk().remove(path_of(oldest)));
    CO_TRY(co_await world_.disk().sync_directory(options_.directory));
    ++counts_.segments_freed;
    co_return Result<void>();
}

}  // namespace distkv::storage_log
