// What cores want: a bounded number of them a pass, one append to the log for all.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "shard/batch.h"
#include "shard/notes.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Task;

namespace {

// Others (frames, callers) have a turn in between.
constexpr std::size_t kGroupsPerPass = 256;

// A submission to the log is closed beyond this, so that the disk begins while we go on.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

// A machine that has no room is asked again.
constexpr time::Duration kApplyAgainAfter = 10ms;

}  // namespace

storage_log::Record note(GroupId group, Note number, base::Bytes value) {
    return storage_log::note(group, static_cast<std::uint64_t>(number), std::move(value));
}

void Host::Batch::add(storage_log::Record record) {
    bytes += record.body.size();
    records.push_back(std::move(record));
}

void Host::pass() {
    ++counts_.passes;
    Batch batch;
    for (std::size_t n = 0; n < kGroupsPerPass && !ready_.empty(); ++n) {
        Group* group = at(ready_.front());
        ready_.pop_front();
        if (group == nullptr || !group->ready) {
            continue;  // It went, and perhaps came again.
        }
        group->ready = false;
        if (group->reopening) {
            continue;
        }
        drain(*group, batch);
        if (batch.bytes >= kBatchBytes) {
            submit(batch);
        }
    }
    submit(batch);
    flush_outboxes();
}

void Host::drain(Group& group, Batch& batch) {
    feed(group);
    do {
        while (group.core.has_effects()) {
            obey(group, group.core.take_effects(), batch);
        }
        apply(group);
    } while (group.core.has_effects());
    note_sleep(group);
    schedule(group);
}

void Host::obey(Group& group, raft::Effects effects, Batch& batch) {
    for (const raft::Persist& wanted : effects.persist) {
        persist(group, wanted, batch);
    }
    for (const raft::Message& message : effects.send) {
        send(group, message);
    }
    std::ranges::move(effects.apply, std::back_inserter(group.to_apply));
    for (const raft::Fetch& what : effects.fetch) {
        group.tasks.spawn("fetch", fetch(group, what));
    }
    for (const raft::Proposed& proposed : effects.proposed) {
        take_proposed(group, proposed);
    }
    for (const raft::ReadReady& read : effects.reads) {
        take_read(group, read);
    }
    for (const raft::ReplicaId to : effects.snapshots) {
        group.tasks.spawn("send_snapshot", send_snapshot(group, to));
    }
}

void Host::persist(Group& group, const raft::Persist& persist, Batch& batch) {
    if (persist.hard_state) {
        const raft::HardState& state = *persist.hard_state;
        batch.add(storage_log::hard_state(
            group.id, {.term = state.term, .vote = state.vote.value, .commit = state.commit}));
        if (state.ceiling != group.ceiling_written || state.repair != group.repair_written) {
            batch.add(note(group.id, Note::kPromises,
                           encode_promises({.ceiling = state.ceiling, .repair = state.repair})));
            group.ceiling_written = state.ceiling;
            group.repair_written = state.repair;
        }
    }
    if (persist.snapshot) {
        CHECK(group.staged && group.staged->mark == *persist.snapshot);
        put_install(group, batch);
    }
    for (const raft::Entry& entry : persist.entries) {
        batch.add(storage_log::entry(group.id, entry.index, entry.term, encode_for_log(entry)));
        group.active_at = world_.mono_now();
        group.log_bytes += raft::cost_of(entry);
    }
    const raft::Position last =
        persist.entries.empty() ? raft::Position{} : persist.entries.back().position();
    ++group.under_way;
    batch.promises.push_back({.group = group.id,
                              .life = group.life,
                              .sequence = persist.sequence,
                              .last = last,
                              .installs = persist.snapshot.has_value()});
    if (MUTANT(shard_counts_on_the_disk)) {
        group.core.step(world_.mono_now(), raft::Persisted{persist.sequence, last});
    }
    if (batch.bytes >= kBatchBytes) {
        submit(batch);
    }
}

// Everything that one write makes true is told only when it is durable.
void Host::submit(Batch& batch) {
    if (batch.records.empty()) {
        return;
    }
    log_->submit(std::move(batch.records),
                 [this, promises = std::move(batch.promises)](const Result<void>& outcome) mutable {
                     landed_.push_back({std::move(promises), outcome});
                     work_.wake_all();
                 });
    batch = {};
}

// Before anything else is written: what was refused must be known to the core before it asks for
// more, or the log would get what comes after a gap.
void Host::take_landed() {
    while (!landed_.empty()) {
        const Landed landed = std::move(landed_.front());
        landed_.pop_front();
        for (const Promise& promise : landed.promises) {
            Group* group = at(promise.group, promise.life);
            if (group == nullptr) {
                continue;
            }
            --group->under_way;
            if (!landed.outcome) {
                // What was written last is not what stands there.
                group->ceiling_written.reset();
                group->repair_written.reset();
                world_.mark(world::Mark::kPersistRefused);
                step(*group, raft::PersistRefused{promise.sequence});
                continue;
            }
            if (std::exchange(group->tells_damage, false)) {
                --damaged_;
                settle_damage();
            }
            if (promise.installs) {
                group->to_apply.clear();
                group->loading = true;
                group->tasks.spawn("load", load_staged(*group));
            }
            step(*group, raft::Persisted{promise.sequence, promise.last});
        }
    }
}

void Host::apply(Group& group) {
    if (group.to_apply.empty() || group.loading || world_.mono_now() < group.apply_again) {
        return;
    }
    const std::vector<raft::Entry> entries(std::make_move_iterator(group.to_apply.begin()),
                                           std::make_move_iterator(group.to_apply.end()));
    group.to_apply.clear();
    Mark after = {.at = entries.back().position(), .membership = {}};
    std::size_t bytes = 0;
    bool same_members = true;
    for (const raft::Entry& entry : entries) {
        bytes += raft::cost_of(entry);
        if (entry.kind == raft::EntryKind::kMembership) {
            auto membership = raft::Membership::decode(entry.body.view());
            CHECK(membership.has_value());
            after.membership = *std::move(membership);
            same_members = false;
        }
    }
    if (same_members) {
        after.membership = group.applied.membership;
    }
    if (group.machine) {
        const Result<void> outcome = group.machine->apply(entries, after);
        if (!outcome) {
            if (outcome.error().code != Errc::kRetry) {
                fail(outcome.error());
            }
            std::ranges::move(entries, std::back_inserter(group.to_apply));
            group.apply_again = world_.mono_now() + kApplyAgainAfter;
            return;
        }
    }
    CHECK(entries.front().index == group.applied.at.index + 1);
    group.applied = std::move(after);
    group.unflushed_bytes += bytes;
    counts_.entries_applied += entries.size();
    std::vector<Settled> settled;
    for (const raft::Entry& entry : entries) {
        if (group.pending.size() == 0) {
            break;
        }
        group.pending.applied(entry.position(), settled);
    }
    settle_all(settled);
    for (const CallNumber call : group.reads.applied(group.applied.at.index)) {
        settle(call, group.applied.at);
    }
    group.core.step(world_.mono_now(), raft::Applied{group.applied.at.index});
    if (is_over(group)) {
        retain_.wake_all();
    }
}

// Entries that are no longer in memory.
Task<void> Host::fetch(Group& group, raft::Fetch what) {
    raft::Fetched fetched{.what = what, .entries = co_await read_log(group.id, what)};
    const storage_log::GroupLog* log = log_->find(group.id);
    if (!fetched.entries && fetched.entries.error().code == Errc::kCorrupt && log != nullptr &&
        !log->holes().empty() && !group.reopening) {
        begin_anew(group);
        co_return;
    }
    step(group, std::move(fetched));
}

Task<Result<std::vector<raft::Entry>>> Host::read_log(GroupId id, raft::Fetch what) {
    const auto records =
        CO_TRY(co_await log_->read(id, {.first = what.first, .last = what.last}, what.bytes_max));
    std::vector<raft::Entry> entries;
    for (const storage_log::Record& record : records) {
        entries.push_back(CO_TRY(raft::decode_from_log({record.index, record.term}, record.body)));
    }
    co_return entries;
}

}  // namespace distkv::shard
