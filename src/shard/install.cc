// Snapshots that others offer: pulled piece by piece, checked, and installed behind an intent.
//
//     offer ──► part file grows ──► verified, durable ──► core takes it
//                 │    ▲                                        │
//                 └────┘ lost pieces are asked for again;       ▼
//                        after a restart it goes on    log: intent, begins anew
//                        where it was                           │
//                                                               ▼
//                          intent cleared, file gone ◄── machine loads
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"
#include "shard/batch.h"
#include "shard/notes.h"
#include "shard/snapshot_file.h"
#include "world/deadline.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Address;
using world::Task;

namespace {

// Pieces on their way at once.
constexpr std::uint64_t kWindow = 4;

// Snapshots that come at once, for all groups: each may hold a window of pieces in memory.
constexpr std::size_t kIncomingMax = 64;

// The sender has not been heard for so many of the group's longest election timeouts.
constexpr int kPatience = 5;

// What has been saved up of the budget for snapshots, at most.
constexpr time::Duration kBurst = 50ms;

constexpr time::Duration kAgainAfter = 1s;  // The disk had no room.

}  // namespace

void Host::take(Address from, SnapshotOffer& item) {
    Group* group = at(item.group);
    if (group == nullptr || item.to != group->replica || group->staged) {
        return;
    }
    if (item.mark.membership.voters.empty()) {
        return;  // Whoever takes it could never vote again.
    }
    if (item.mark.at.index <= group->core.commit() || group->witness) {
        // There is nothing in it that we need.
        if (group->witness) {
            group->staged = Staged{.path = {}, .size = 0, .crc = 0, .mark = item.mark};
        }
        give_to_core(*group, from, item);
        return;
    }
    if (!group->incoming && incoming_ >= kIncomingMax) {
        return;  // It will be offered again.
    }
    if (!group->incoming) {
        ++incoming_;
        group->incoming.emplace();
        group->incoming->counted = std::shared_ptr<void>(
            &incoming_, [](void* count) { --*static_cast<std::size_t*>(count); });
        group->incoming->from = from;
        group->incoming->offer = item;
        group->tasks.spawn("receive_snapshot", receive_snapshot(*group));
    }
    if (group->incoming->offer.transfer == item.transfer) {
        group->incoming->from = from;
        group->incoming->offer.term = item.term;
        group->incoming->offered = world_.mono_now();
    }
}

// The core says whether it has use for it; the sender need not offer it any more either way.
void Host::give_to_core(Group& group, Address from, const SnapshotOffer& offer) {
    step(group, raft::OfferSnapshot{.from = offer.from, .term = offer.term, .meta = offer.mark});
    if (group.staged && group.core.snapshot_pending() != group.staged->mark) {
        group.staged.reset();
    }
    send(from, SnapshotTaken{.group = group.id,
                             .replica = group.replica,
                             .transfer = offer.transfer,
                             .taken = true});
}

void Host::take(Address, SnapshotChunk& item) {
    Group* group = at(item.group);
    if (group == nullptr || !group->incoming || group->incoming->offer.transfer != item.transfer) {
        return;
    }
    Incoming& incoming = *group->incoming;
    const std::uint64_t end = incoming.have + kWindow * options_.chunk_bytes;
    // More than was asked for is not kept, but the next piece always is.
    const bool has_room = item.offset == incoming.have || incoming.arrived.size() < kWindow;
    if (item.offset >= incoming.have && item.offset < end && !item.bytes.empty() && has_room) {
        incoming.arrived[item.offset] = std::move(item.bytes);
        group->came.wake_all();
    }
}

Task<void> Host::receive_snapshot(Group& group) {
    struct Receiving {
        Group& group;
        ~Receiving() { group.incoming.reset(); }
    };
    const Receiving receiving{group};
    const SnapshotOffer offer = group.incoming->offer;
    const std::string path =
        options_.snapshots + "/in-" + to_string(group.id) + "-" + std::to_string(offer.transfer);
    const std::string before = std::exchange(parts_[group.id], path);
    if (!before.empty() && before != path) {
        static_cast<void>(co_await world_.disk().remove(before));
    }
    const Result<void> came = co_await pull(group, path);
    if (!came && came.error().code == Errc::kFull) {
        // Its part must not keep from the log, and so from all groups, what room there is. Nor is
        // it begun anew at once.
        parts_.erase(group.id);
        static_cast<void>(co_await world_.disk().remove(path));
        world_.log().warn("snapshot_has_no_room", {{"group", group.id}});
        co_await world_.sleep_for(kAgainAfter);
        co_return;
    }
    if (!came && came.error().code != Errc::kCorrupt) {
        world_.log().warn("snapshot_not_received", {{"group", group.id}, {"error", came.error()}});
        co_return;  // What is here of it stays: it may be offered again.
    }
    parts_.erase(group.id);
    if (!came) {
        world_.mark(world::Mark::kSnapshotCorrupt);
        static_cast<void>(co_await world_.disk().remove(path));
        send(group.incoming->from, SnapshotTaken{.group = group.id,
                                                 .replica = group.replica,
                                                 .transfer = offer.transfer,
                                                 .taken = false});
        flush_outboxes();
        co_return;
    }
    group.staged = Staged{.path = path, .size = offer.size, .crc = offer.crc, .mark = offer.mark};
    give_to_core(group, group.incoming->from, group.incoming->offer);
    if (!group.staged) {
        static_cast<void>(co_await world_.disk().remove(path));
    }
}

// Returns when the whole is on the disk and verified. kCorrupt: it is of no use.
Task<Result<void>> Host::pull(Group& group, std::string path) {
    Incoming& incoming = *group.incoming;
    const SnapshotOffer& offer = incoming.offer;
    const auto file = CO_TRY(co_await world_.disk().open(path, world::OpenMode::kCreate));
    if (file->size() > offer.size) {
        CO_TRY(co_await file->truncate(0));
    }
    incoming.have = file->size();
    if (incoming.have > 0 && incoming.have < offer.size) {
        world_.mark(world::Mark::kSnapshotResumed);
    }
    while (incoming.have < offer.size) {
        if (world_.mono_now() - incoming.offered > kPatience * group.timeouts.election_max) {
            co_return base::fail(Errc::kRetry, "the sender is not heard any more");
        }
        incoming.arrived.erase(incoming.arrived.begin(),
                               incoming.arrived.lower_bound(incoming.have));
        if (incoming.arrived.empty() || incoming.arrived.begin()->first != incoming.have) {
            co_await want_more(group);
            continue;
        }
        base::Bytes piece = std::move(incoming.arrived.begin()->second);
        incoming.arrived.erase(incoming.arrived.begin());
        piece.resize(std::min<std::uint64_t>(piece.size(), offer.size - incoming.have));
        const std::uint64_t size = piece.size();
        CO_TRY(co_await file->append(std::move(piece)));
        incoming.have += size;
        const time::MonoTime now = world_.mono_now();
        snapshots_paid_until_ =
            std::max(snapshots_paid_until_, now) +
            time::Duration(size * 1'000'000'000 / options_.snapshot_bytes_per_second);
        co_await world_.sleep_until(snapshots_paid_until_ - kBurst);
    }
    CO_TRY(co_await file->sync());
    CO_TRY(co_await world_.disk().sync_directory(options_.snapshots));
    co_return co_await verify(*file, offer.size, offer.crc);
}

// Asks for all that is missing of the window, and waits a moment for some of it.
Task<void> Host::want_more(Group& group) {
    Incoming& incoming = *group.incoming;
    for (std::uint64_t i = 0; i < kWindow; ++i) {
        const std::uint64_t offset = incoming.have + i * options_.chunk_bytes;
        if (offset < incoming.offer.size && !incoming.arrived.contains(offset)) {
            send(incoming.from,
                 SnapshotWant{
                     .group = group.id, .transfer = incoming.offer.transfer, .offset = offset});
        }
    }
    flush_outboxes();
    const auto wait = [](Group& its) -> Task<Result<void>> {
        const Incoming& waits = *its.incoming;
        while (waits.arrived.empty() || waits.arrived.begin()->first > waits.have) {
            co_await its.came.wait();
        }
        co_return Result<void>();
    };
    static_cast<void>(co_await world::with_deadline(
        world_.scheduler(), world_.mono_now() + group.timeouts.rpc_deadline, wait(group)));
}

// The log begins anew behind the snapshot, and a start from now on will finish what was begun.
void Host::put_install(Group& group, Batch& batch) {
    const Staged& staged = *group.staged;
    if (group.machine && !MUTANT(shard_installs_without_intent)) {
        batch.add(note(group.id, Note::kIntent, encode_intent({.install = staged})));
    }
    batch.add(storage_log::truncate(group.id, 1));
    batch.add(storage_log::cut(group.id, staged.mark.at.index, staged.mark.at.term));
    batch.add(note(group.id, Note::kMembership, encode_members(staged.mark.membership)));
    group.log_bytes = 0;
}

// What is written is durable; nothing is applied until the machine has the state.
Task<void> Host::load_staged(Group& group) {
    while (group.machine_busy) {
        co_await group.machine_idle.wait();
    }
    const Busy busy(*this, group);
    for (;;) {
        const Result<void> loaded = co_await load(group, *group.staged);
        if (loaded) {
            break;
        }
        if (loaded.error().code != Errc::kFull) {
            fail(loaded.error());
            co_return;
        }
        co_await world_.sleep_for(kAgainAfter);
    }
    ++counts_.snapshots_installed;
    world_.mark(world::Mark::kSnapshotInstalled);
    group.applied = group.staged->mark;
    group.flushed = group.applied.at.index;
    group.unflushed_bytes = 0;
    group.loading = false;
    std::vector<Settled> settled;
    group.pending.skipped(group.applied.at, settled);
    settle_all(settled);
    for (const CallNumber call : group.reads.applied(group.applied.at.index)) {
        settle(call, group.applied.at);
    }
    touch(group);
    if (group.machine) {
        while (!co_await log_->write({note(group.id, Note::kIntent, {})})) {
            co_await world_.sleep_for(kAgainAfter);
        }
        static_cast<void>(co_await world_.disk().remove(group.staged->path));
    }
    group.staged.reset();
}

Task<Result<void>> Host::load(Group& group, const Staged& staged) {
    if (!group.machine) {
        co_return Result<void>();
    }
    const auto file = CO_TRY(co_await world_.disk().open(staged.path, world::OpenMode::kExisting));
    FileSource source(*file, staged.size);
    co_return co_await group.machine->load(source, staged.mark);
}

}  // namespace distkv::shard
