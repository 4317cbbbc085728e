// The state of a group, for members whose next entries are gone from the log: saved to a file once,
// offered to whoever needs it, and sent in the pieces that they ask for.
#include <algorithm>
#include <utility>

#include "shard/batch.h"
#include "shard/snapshot_file.h"
#include "world/deadline.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Address;
using world::Task;

namespace {

// Pieces that are read for others at once, for all groups of the host.
constexpr std::size_t kChunksMax = 16;

// Nobody has asked for a piece for so many of the group's longest election timeouts.
constexpr int kPatience = 5;

// After somebody has asked for it.
constexpr time::Duration kKeptFor = 10s;

}  // namespace

Task<void> Host::send_snapshot(Group& group, raft::ReplicaId to) {
    const Result<void> there_is_one = co_await have_outgoing(group);
    raft::SnapshotSent sent{.to = to, .at = {}, .delivered = false};
    if (there_is_one) {
        const Outgoing& outgoing = *group.outgoing;
        sent.at = outgoing.mark.at;
        const SnapshotOffer what{.group = group.id,
                                 .from = group.replica,
                                 .to = to,
                                 .term = group.core.term(),
                                 .transfer = outgoing.transfer,
                                 .size = outgoing.size,
                                 .crc = outgoing.crc,
                                 .mark = outgoing.mark};
        sent.delivered = co_await offer(group, to, what);
    } else if (there_is_one.error().code == Errc::kUnknown) {
        fail(there_is_one.error());
    } else {
        world_.log().warn("snapshot_not_saved",
                          {{"group", group.id}, {"error", there_is_one.error()}});
        co_await world_.sleep_for(group.timeouts.election_max);  // Then it is asked for again.
    }
    counts_.snapshots_sent += sent.delivered ? 1 : 0;
    step(group, sent);
    co_await drop_unwanted(group);
}

// Others may need it next. When nobody does, it is only in the way: it is as large as the state.
Task<void> Host::drop_unwanted(Group& group) {
    co_await world_.sleep_for(kKeptFor);
    if (group.outgoing && group.outgoing->offers == 0 &&
        world_.mono_now() - group.outgoing->wanted >= kKeptFor) {
        co_await drop_outgoing(group);
    }
}

// One that continues in the log as it is, or a new one.
Task<Result<void>> Host::have_outgoing(Group& group) {
    while (group.saving) {
        co_await group.came.wait();
    }
    if (group.outgoing && group.outgoing->mark.at.index >= group.core.log().cut().index) {
        co_return Result<void>();
    }
    if (group.witness) {
        co_return base::fail(Errc::kRedirect, "a witness has no state to send");
    }
    struct Saving {
        Group& group;
        explicit Saving(Group& its) : group(its) { group.saving = true; }
        ~Saving() {
            group.saving = false;
            group.came.wake_all();
        }
    };
    const Saving saving(group);
    co_await drop_outgoing(group);
    co_return co_await save(group);
}

Task<void> Host::drop_outgoing(Group& group) {
    if (group.outgoing) {
        const std::string path = group.outgoing->path;
        group.outgoing.reset();
        group.came.wake_all();
        static_cast<void>(co_await world_.disk().remove(path));  // At the next start, if not now.
    }
}

Task<Result<void>> Host::save(Group& group) {
    while (group.machine_busy) {
        co_await group.machine_idle.wait();
    }
    const Busy busy(*this, group);
    Outgoing outgoing;
    outgoing.transfer = world_.rng().next();
    outgoing.path = options_.snapshots + "/out-" + to_string(group.id) + "-" +
                    std::to_string(outgoing.transfer);
    outgoing.file = CO_TRY(co_await world_.disk().open(outgoing.path, world::OpenMode::kExclusive));
    FileSink sink(*outgoing.file);
    Result<Mark> mark = co_await group.machine->save(sink);
    if (!mark) {
        static_cast<void>(co_await world_.disk().remove(outgoing.path));
        co_return std::unexpected(mark.error());
    }
    outgoing.mark = *std::move(mark);
    outgoing.size = sink.size();
    outgoing.crc = sink.crc();
    group.outgoing = std::move(outgoing);
    co_return Result<void>();
}

// Until they say that they have it (or do not want it), or have not asked for anything for long.
Task<bool> Host::offer(Group& group, raft::ReplicaId to, SnapshotOffer what) {
    group.outgoing->taken[to].reset();
    group.outgoing->wanted = world_.mono_now();
    const auto still_there = [&group, &what] {
        return group.outgoing && group.outgoing->transfer == what.transfer;
    };
    struct Offering {
        Group& group;
        std::uint64_t transfer;
        Offering(Group& its, std::uint64_t name) : group(its), transfer(name) {
            ++group.outgoing->offers;
        }
        ~Offering() {
            if (group.outgoing && group.outgoing->transfer == transfer) {
                --group.outgoing->offers;
            }
        }
    };
    const Offering offering(group, what.transfer);
    while (still_there() && group.core.role() == raft::Role::kLeader) {
        const std::optional<bool> taken = group.outgoing->taken[to];
        const time::MonoTime now = world_.mono_now();
        const auto where = services_.address_of(group.id, to);
        if (taken && !*taken) {
            co_await drop_outgoing(group);  // It is damaged, here or there.
            co_return false;
        }
        if (taken) {
            co_return true;
        }
        if (!where || now - group.outgoing->wanted > kPatience * group.timeouts.election_max) {
            break;
        }
        what.term = group.core.term();
        send(*where, what);
        flush_outboxes();
        const auto wait = [](Group& its) -> Task<Result<void>> {
            co_await its.came.wait();
            co_return Result<void>();
        };
        static_cast<void>(co_await world::with_deadline(
            world_.scheduler(), now + group.timeouts.rpc_deadline, wait(group)));
    }
    co_return false;
}

void Host::take(Address from, SnapshotWant& item) {
    Group* group = at(item.group);
    if (group == nullptr || !group->outgoing || group->outgoing->transfer != item.transfer ||
        item.offset >= group->outgoing->size || chunks_under_way_ >= kChunksMax) {
        return;
    }
    group->outgoing->wanted = world_.mono_now();
    // From now on, not from when the task begins: a frame may hold many wants.
    ++chunks_under_way_;
    std::shared_ptr<void> counted(&chunks_under_way_,
                                  [](void* count) { --*static_cast<std::size_t*>(count); });
    group->tasks.spawn("send_chunk", send_chunk(*group, from, item, std::move(counted)));
}

Task<void> Host::send_chunk(Group& group, Address to, SnapshotWant want, std::shared_ptr<void>) {
    if (!group.outgoing || group.outgoing->transfer != want.transfer) {
        co_return;  // It went before the task began.
    }
    // Shared, so that it stays open while another snapshot takes its place.
    const std::shared_ptr<world::File> file = group.outgoing->file;
    const std::uint64_t left = group.outgoing->size - want.offset;
    auto bytes =
        co_await file->read(want.offset, std::min<std::uint64_t>(left, options_.chunk_bytes));
    if (!bytes) {
        co_await drop_outgoing(group);
        co_return;
    }
    ++counts_.chunks_sent;
    send(to, SnapshotChunk{.group = want.group,
                           .transfer = want.transfer,
                           .offset = want.offset,
                           .bytes = *std::move(bytes)});
    flush_outboxes();
}

void Host::take(Address, SnapshotTaken& item) {
    Group* group = at(item.group);
    if (group == nullptr || !group->outgoing || group->outgoing->transfer != item.transfer) {
        return;
    }
    const auto asked = group->outgoing->taken.find(item.replica);
    if (asked != group->outgoing->taken.end()) {
        asked->second = item.taken;
        group->came.wake_all();
    }
}

}  // namespace distkv::shard
