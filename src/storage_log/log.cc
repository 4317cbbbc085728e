#include "storage_log/log.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage_log/segments.h"

namespace distkv::storage_log {

using base::Result;
using world::Task;

Record entry(GroupId group, std::uint64_t index, std::uint64_t term, base::Bytes body) {
    return {RecordKind::kEntry, group, index, term, std::move(body)};
}

Record truncate(GroupId group, std::uint64_t from) {
    return {RecordKind::kTruncate, group, from, 0, {}};
}

Record cut(GroupId group, std::uint64_t index, std::uint64_t term) {
    return {RecordKind::kCut, group, index, term, {}};
}

Record hard_state(GroupId group, const HardState& state) {
    return {RecordKind::kHardState, group, 0, state.term, encode_hard_state(state)};
}

Record note(GroupId group, std::uint64_t number, base::Bytes value) {
    return {RecordKind::kNote, group, number, 0, std::move(value)};
}

Record forget(GroupId group) {
    return {RecordKind::kForget, group, 0, 0, {}};
}

bool Recovery::anyone_may_have_lost() const {
    return std::ranges::any_of(damage, [](const Damage& each) { return !each.all_named; });
}

Log::Log(world::World& world, LogOptions options)
    : world_(world), options_(std::move(options)), work_(world.scheduler()) {}

Log::~Log() = default;

Task<Result<std::unique_ptr<Log>>> Log::open(world::World& world, LogOptions options) {
    std::unique_ptr<Log> log(new Log(world, std::move(options)));
    CO_TRY(co_await log->recover());
    co_return log;
}

const GroupLog* Log::find(GroupId group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

std::vector<GroupId> Log::groups() const {
    std::vector<GroupId> ids;
    for (const auto& [id, log] : groups_) {
        ids.push_back(id);
    }
    return ids;
}

std::uint64_t Log::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [number, segment] : segments_) {
        sum += segment.bytes;
    }
    return sum;
}

bool Log::idle() const {
    return queue_.empty() && covered_ && !failed_;
}

GroupLog& Log::group(GroupId id) {
    return groups_.try_emplace(id, id).first->second;
}

void Log::apply(const Record& record, Place at, std::size_t size) {
    if (record.kind == RecordKind::kForget) {
        if (const auto found = groups_.find(record.group); found != groups_.end()) {
            found->second.release_all(*this);
            groups_.erase(found);
        }
        return;
    }
    group(record.group).apply(record, at, size, *this);
}

void Log::placed(GroupId group, Place at, std::size_t bytes) {
    live_bytes_ += bytes;
    ++segments_.at(at.segment).live[group];
}

void Log::released(GroupId group, Place at, std::size_t bytes) {
    CHECK(live_bytes_ >= bytes);
    live_bytes_ -= bytes;
    const auto segment = segments_.find(at.segment);
    CHECK(segment != segments_.end());
    const auto count = segment->second.live.find(group);
    CHECK(count != segment->second.live.end());
    if (--count->second == 0) {
        segment->second.live.erase(count);
    }
}

std::string Log::path_of(std::uint64_t number) const {
    return options_.directory + "/" + segment_name(number);
}

}  // namespace distkv::storage_log
