// How much of the log stays: a machine is flushed when it has applied enough, and then the log is
// cut, as far as no member that lags a little needs it.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "shard/batch.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Task;

namespace {

// After a flush that the disk had no room for.
constexpr time::Duration kFlushAgainAfter = 1s;

}  // namespace

bool Host::is_over(const Group& group) const {
    return group.unflushed_bytes > options_.flush_bytes ||
           log_->bytes_live() > options_.retained_bytes_max;
}

// The group that has most to flush, of those that are free to do it. One that has nothing new gains
// nothing.
Group* Host::wants_flush() {
    const bool all_are_over = log_->bytes_live() > options_.retained_bytes_max;
    Group* most = nullptr;
    for (auto& [id, group] : groups_) {
        const bool wants = all_are_over ? group->unflushed_bytes > 0
                                        : group->unflushed_bytes > options_.flush_bytes;
        if (wants && !group->machine_busy &&
            (most == nullptr || group->unflushed_bytes > most->unflushed_bytes)) {
            most = group.get();
        }
    }
    return most;
}

Task<void> Host::retain_loop() {
    for (;;) {
        Group* group = wants_flush();
        if (group == nullptr || flushing_) {
            co_await retain_.wait();
            continue;
        }
        flushing_ = true;
        // In the scope of the group: when the group goes, so does the flush, perhaps before it has
        // begun; then others must have their turn all the same.
        std::shared_ptr<void> turn(this, [](void* host) {
            static_cast<Host*>(host)->flushing_ = false;
            static_cast<Host*>(host)->retain_.wake_all();
        });
        group->tasks.spawn("flush", flush_alone(*group, std::move(turn)));
        if (std::exchange(flush_hurts_, false)) {
            co_await world_.sleep_for(kFlushAgainAfter);
        }
    }
}

Task<void> Host::flush_alone(Group& group, std::shared_ptr<void>) {
    if (group.machine_busy) {
        co_return;  // Since it was chosen; whoever is done with the machine has others look again.
    }
    const Busy busy(*this, group);
    const Result<void> flushed = co_await flush(group);
    flush_hurts_ = !flushed;
    if (!flushed && flushed.error().code != Errc::kFull && flushed.error().code != Errc::kRetry) {
        fail(flushed.error());
    }
}

Task<Result<void>> Host::flush(Group& group) {
    const std::size_t covered = group.unflushed_bytes;
    if (group.machine && !MUTANT(shard_cuts_what_is_not_flushed)) {
        const Mark mark = CO_TRY(co_await group.machine->flush());
        CHECK(mark.at.index >= group.flushed);
        group.flushed = mark.at.index;
    } else {
        group.flushed = group.applied.at.index;
    }
    group.unflushed_bytes -= std::min(covered, group.unflushed_bytes);
    ++counts_.flushes;
    cut(group);
    co_return Result<void>();
}

// The core forgets first: were it the other way round, it could ask for what is gone. If the log
// refuses the record, more stays there than is needed, until the next cut.
void Host::cut(Group& group) {
    const raft::Log& log = group.core.log();
    std::uint64_t index = group.flushed;
    const std::uint64_t held = group.core.held_by_all();
    const std::uint64_t entries = std::max<std::uint64_t>(1, log.last_index() - log.cut().index);
    const std::size_t bytes_each = group.log_bytes / entries;
    const bool cheap = held < index && (index - held) * bytes_each <= options_.laggard_bytes_max;
    if (held < index && (group.witness || cheap)) {
        index = held;
    }
    // Whoever is getting a snapshot needs the log behind it: else it would chase one after another.
    if (group.outgoing && group.outgoing->offers > 0) {
        index = std::min(index, group.outgoing->mark.at.index);
    }
    if (index <= log.cut().index || group.core.snapshot_pending()) {
        return;
    }
    const raft::Position at{index, log.term_at(index).value()};
    Batch batch;
    batch.add(
        note(group.id, Note::kMembership, encode_members(*log.membership_at(index).membership)));
    batch.add(storage_log::cut(group.id, at.index, at.term));
    group.log_bytes -= std::min(group.log_bytes, (index - log.cut().index) * bytes_each);
    group.core.step(world_.mono_now(), raft::Cut{index});
    touch(group);
    submit(batch);
    ++counts_.cuts;
}

}  // namespace distkv::shard
