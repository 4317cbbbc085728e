// What a start finds, and finishes: intents first; then each group's log is read, and either its
// replica is whole, or knows what it has lost, or must not come back under its name.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "shard/batch.h"
#include "shard/notes.h"
#include "shard/snapshot_file.h"

namespace distkv::shard {

using base::Errc;
using base::Result;
using world::Task;

namespace {

constexpr std::size_t kReadBytes = std::size_t{4} << 20;

// A device that fails to read once may not fail again; what it cannot read then is damaged.
constexpr int kReadAttempts = 5;

// What a group has handed to the log lands within a few of these.
constexpr time::Duration kReopenPoll = 5ms;

}  // namespace

struct Host::Found {
    GroupId id;
    Identity identity;
    std::unique_ptr<Machine> machine;
    Mark mark;  // The machine's.
    raft::Start start;
    std::size_t log_bytes = 0;
    std::size_t unflushed_bytes = 0;
    bool destroyed = false;  // What was begun before the crash is finished.
};

Task<Result<void>> Host::start_groups() {
    const bool unnamed = log_->recovery().anyone_may_have_lost();
    for (const GroupId id : log_->groups()) {
        if (unnamed) {
            lose(id, "the log is damaged where nobody can tell what was lost");
            continue;
        }
        CO_TRY(co_await start_group(id));
    }
    settle_damage();
    co_return co_await find_parts();
}

// The log may forget its damage only when every start from now on will know what it did without it.
// There may be more than its owners have noticed: it is also found by whoever moves entries out of
// the way.
void Host::settle_damage() {
    if (damaged_ > 0 || !lost_.empty() || log_->recovery().damage.empty()) {
        return;
    }
    for (const GroupId id : log_->groups()) {
        const Group* group = at(id);
        const bool knows = group != nullptr && !group->tells_damage && group->core.is_repairing();
        if (!knows && !log_->find(id)->is_whole()) {
            return;
        }
    }
    log_->damage_is_settled();
    damage_seen_ = 0;
}

// Files of snapshots from before: those we sent are of no use, those we were getting may be. Only
// when every installation that was begun is finished, and needs no file any more.
Task<Result<void>> Host::find_parts() {
    const auto names = co_await world_.disk().list(options_.snapshots);
    if (!names) {
        if (names.error().code == Errc::kNotFound) {
            co_return Result<void>();
        }
        co_return std::unexpected(names.error());
    }
    for (const std::string& name : *names) {
        const std::string path = options_.snapshots + "/" + name;
        std::uint64_t group = 0;
        const bool is_part = name.starts_with("in-");
        for (std::size_t i = 3; is_part && i < name.size() && name[i] >= '0' && name[i] <= '9';
             ++i) {
            group = group * 10 + static_cast<std::uint64_t>(name[i] - '0');
        }
        if (!is_part || at(GroupId{group}) == nullptr || parts_.contains(GroupId{group})) {
            static_cast<void>(co_await world_.disk().remove(path));
        } else {
            parts_[GroupId{group}] = path;
        }
    }
    co_return Result<void>();
}

Task<Result<void>> Host::start_group(GroupId id) {
    Result<Found> found = co_await find_state(id);
    if (found && found->destroyed) {
        co_return Result<void>();
    }
    // What this version cannot read, others need not wait for either.
    if (!found && (found.error().code == Errc::kCorrupt || found.error().code == Errc::kInvalid)) {
        lose(id, found.error().detail);
        co_return Result<void>();
    }
    if (!found) {
        co_return std::unexpected(found.error());
    }
    add(*std::move(found));
    co_return Result<void>();
}

// Damage that whoever moves entries out of the way has found: its group may not look there for
// long, and the log keeps everything from there on until it is repaired.
void Host::heed_damage() {
    const std::size_t found = log_->recovery().damage.size();
    if (std::exchange(damage_seen_, found) == found) {
        return;
    }
    for (const auto& [id, group] : groups_) {
        const bool knows = group->reopening || group->core.is_repairing();
        if (!knows && !log_->find(id)->holes().empty()) {
            begin_anew(*group);
        }
    }
}

void Host::begin_anew(Group& group) {
    group.reopening = true;
    tasks_.spawn("reopen", reopen(group.id, group.life));
}

void Host::lose(GroupId id, std::string why) {
    world_.log().error("replica_lost", {{"group", id}, {"why", why}});
    world_.mark(world::Mark::kReplicaLost);
    lost_.push_back({id, std::move(why)});
}

// kCorrupt, kInvalid: the replica is lost.
Task<Result<Host::Found>> Host::find_state(GroupId id) {
    Found found{.id = id};
    const storage_log::GroupLog* log = log_->find(id);
    CHECK(log != nullptr);
    if (log->promises_lost()) {
        co_return base::fail(Errc::kCorrupt, "what it has promised is damaged");
    }
    const auto identity = log->note(static_cast<std::uint64_t>(Note::kIdentity));
    const auto membership = log->note(static_cast<std::uint64_t>(Note::kMembership));
    if (!identity) {
        co_return base::fail(Errc::kCorrupt, "nothing says which replica this was");
    }
    found.identity = CO_TRY(decode_identity(*identity));
    found.start.membership = CO_TRY(decode_members(membership.value_or(base::Bytes())));
    if (!found.identity.witness) {
        found.machine = services_.make_machine(id, found.identity.replica);
        Result<Mark> mark = co_await found.machine->open();
        for (int i = 1; i < kReadAttempts && !mark; ++i) {
            mark = co_await found.machine->open();
        }
        found.mark = CO_TRY(std::move(mark));
    }
    CO_TRY(co_await redo(id, found));
    if (found.destroyed) {
        co_return found;
    }
    log = log_->find(id);
    const storage_log::HardState& state = log->hard_state();
    found.start.hard_state = {.term = state.term,
                              .vote = raft::ReplicaId{state.vote},
                              .commit = state.commit,
                              .ceiling = {},
                              .repair = {}};
    if (const auto note = log->note(static_cast<std::uint64_t>(Note::kPromises))) {
        const Promises promises = CO_TRY(decode_promises(*note));
        found.start.hard_state.ceiling = promises.ceiling;
        found.start.hard_state.repair = promises.repair;
    }
    found.start.cut = {.index = log->cut().index, .term = log->cut().term};
    if (found.identity.witness) {
        found.mark = {.at = found.start.cut, .membership = found.start.membership};
    }
    if (found.mark.at == raft::Position{}) {
        // A machine that never was cannot know whose group it belongs to. Without that, the next
        // snapshot of it would make whoever takes it forget all members.
        found.mark.membership = found.start.membership;
    }
    if (found.mark.at.index < found.start.cut.index) {
        co_return base::fail(Errc::kCorrupt, "its state is older than its log begins");
    }
    CO_TRY(co_await close_holes(found));
    CO_TRY(co_await read_entries(found));
    if (found.start.damage ? found.start.damage->first <= found.mark.at.index
                           : log_->find(id)->last() < found.mark.at.index) {
        co_return base::fail(Errc::kCorrupt, "its log ends before its state does");
    }
    co_return found;
}

// What was begun before the crash.
Task<Result<void>> Host::redo(GroupId id, Found& found) {
    const auto note_of_intent = log_->find(id)->note(static_cast<std::uint64_t>(Note::kIntent));
    if (!note_of_intent || note_of_intent->empty()) {
        co_return Result<void>();
    }
    const Intent intent = CO_TRY(decode_intent(*note_of_intent));
    if (!intent.install) {
        world_.mark(world::Mark::kDestructionRedone);
        const Result<void> forgotten = co_await forget(id, found.machine.get());
        found.destroyed = true;
        // Without room for a word the next start does it, or destroy(); others are not kept
        // waiting.
        co_return !forgotten && forgotten.error().code == Errc::kFull ? Result<void>() : forgotten;
    }
    world_.mark(world::Mark::kInstallRedone);
    const Staged& staged = *intent.install;
    if (found.mark.at.index < staged.mark.at.index) {
        const auto file = co_await world_.disk().open(staged.path, world::OpenMode::kExisting);
        if (!file && file.error().code == Errc::kNotFound) {
            co_return base::fail(Errc::kCorrupt, "the snapshot that it was to be is gone");
        }
        if (!file) {
            co_return std::unexpected(file.error());
        }
        CO_TRY(co_await verify(**file, staged.size, staged.crc));
        FileSource source(**file, staged.size);
        CO_TRY(co_await found.machine->load(source, staged.mark));
        found.mark = staged.mark;
    }
    // The state is durable: without room to say so, the next start sees it all the same.
    const Result<void> cleared = co_await log_->write({note(id, Note::kIntent, {})});
    if (!cleared && cleared.error().code != Errc::kFull) {
        co_return cleared;
    }
    static_cast<void>(co_await world_.disk().remove(staged.path));
    co_return Result<void>();
}

// Damage in what the machine has already: the log begins behind it. Damage in the rest is the
// core's to repair.
Task<Result<void>> Host::close_holes(Found& found) {
    const storage_log::GroupLog* log = log_->find(found.id);
    std::vector<storage_log::IndexRange> holes = log->holes();
    if (holes.empty()) {
        co_return Result<void>();
    }
    world_.mark(world::Mark::kLogHoleFound);
    if (holes.front().first <= found.mark.at.index) {
        found.start.cut = found.mark.at;
        found.start.membership = found.mark.membership;
        CO_TRY(co_await log_->write(
            {note(found.id, Note::kMembership, encode_members(found.mark.membership)),
             storage_log::cut(found.id, found.mark.at.index, found.mark.at.term)}));
    }
    holes = log_->find(found.id)->holes();
    if (!holes.empty()) {
        found.start.damage =
            raft::Start::Damage{.first = holes.front().first, .last = log_->find(found.id)->last()};
    }
    co_return Result<void>();
}

// Up to the first hole. Membership entries are needed whole, others only where not yet applied.
Task<Result<void>> Host::read_entries(Found& found) {
    raft::Start& start = found.start;
    start.applied = found.mark.at.index;
    const std::uint64_t end = start.damage ? start.damage->first - 1 : log_->find(found.id)->last();
    std::uint64_t next = start.cut.index + 1;
    int attempts = 0;
    while (next <= end) {
        const auto records =
            co_await log_->read(found.id, {.first = next, .last = end}, kReadBytes);
        if (!records && records.error().code == Errc::kCorrupt) {
            if (++attempts < kReadAttempts && log_->find(found.id)->holes().empty()) {
                continue;
            }
            start.damage = raft::Start::Damage{.first = next, .last = log_->find(found.id)->last()};
            break;
        }
        if (!records) {
            co_return std::unexpected(records.error());
        }
        for (const storage_log::Record& record : *records) {
            raft::Entry entry =
                CO_TRY(raft::decode_from_log({record.index, record.term}, record.body));
            const std::size_t bytes = raft::cost_of(entry);
            found.log_bytes += bytes;
            if (entry.index > start.applied) {
                found.unflushed_bytes += bytes;
            } else if (entry.kind == raft::EntryKind::kNormal) {
                entry.body = {};
            }
            start.entries.push_back(std::move(entry));
            ++next;
        }
    }
    co_return Result<void>();
}

void Host::add(Found found) {
    raft::Options options = options_.raft;
    options.id = found.identity.replica;
    options.timeouts = time::suggest_timeouts({});
    const raft::HardState state = found.start.hard_state;
    const bool damaged = found.start.damage.has_value();
    auto group =
        std::make_unique<Group>(world_.scheduler(), found.id,
                                raft::Core(options, std::move(found.start), world_.mono_now(),
                                           base::Rng(world_.rng().next())));
    group->replica = found.identity.replica;
    group->witness = found.identity.witness;
    group->life = ++lives_;
    group->machine = std::move(found.machine);
    group->active_at = world_.mono_now();
    group->tells_damage = damaged;
    damaged_ += damaged ? 1 : 0;
    group->ceiling_written = state.ceiling;
    group->repair_written = state.repair;
    group->flushed = found.mark.at.index;
    group->applied = std::move(found.mark);
    group->log_bytes = found.log_bytes;
    group->timeouts = timeouts_of(*group);
    group->core.set_timeouts(group->timeouts);
    Group& added = *group;
    groups_[found.id] = std::move(group);
    touch(added);
}

// Damage was found in what a running replica believed to have: it starts anew, from the log, and
// knows then what it has lost. Callers hear what they hear at a crash.
Task<void> Host::reopen(GroupId id, std::uint64_t life) {
    for (Group* group = at(id, life);
         group != nullptr && (group->under_way > 0 || coming_.contains(id)); group = at(id, life)) {
        co_await world_.sleep_for(kReopenPoll);
    }
    Group* group = at(id, life);
    if (group == nullptr) {
        co_return;
    }
    abandon(*group, "the replica starts anew");
    leave_dormitories(*group);
    damaged_ -= group->tells_damage ? 1 : 0;
    groups_.erase(id);
    coming_.insert(id);
    // What it has handed to the log without waiting for it, such as a cut, lands first.
    static_cast<void>(co_await log_->write({}));
    const Result<void> started = co_await start_group(id);
    coming_.erase(id);
    if (!started) {
        fail(started.error());
    }
}

// ---- coming and going

struct Host::Coming {
    Coming(std::set<GroupId>& all, GroupId its_id) : groups(all), id(its_id) {}
    ~Coming() { groups.erase(id); }
    Coming(const Coming&) = delete;
    Coming& operator=(const Coming&) = delete;

    std::set<GroupId>& groups;
    GroupId id;
};

Task<Result<void>> Host::create(GroupSpec spec) {
    if (groups_.size() + coming_.size() >= kGroupsMax) {
        co_return base::fail(Errc::kInvalid, "this host has " + std::to_string(kGroupsMax) +
                                                 " groups, and no list of them may be longer");
    }
    if (log_->find(spec.group) != nullptr || groups_.contains(spec.group) ||
        !coming_.insert(spec.group).second) {
        co_return base::fail(Errc::kInvalid, "group " + to_string(spec.group) +
                                                 " has a replica here already; it must be "
                                                 "destroyed before another one can come");
    }
    const Coming coming(coming_, spec.group);
    Found found{.id = spec.group, .identity = {spec.replica, spec.witness}};
    if (!spec.witness) {
        found.machine = services_.make_machine(spec.group, spec.replica);
        CO_TRY(co_await found.machine->destroy());  // What an earlier replica may have left.
        found.mark = CO_TRY(co_await found.machine->open());
    }
    found.mark = {.at = {}, .membership = spec.membership};
    found.start.membership = spec.membership;
    CO_TRY(co_await log_->write(
        {storage_log::hard_state(spec.group, {}),
         note(spec.group, Note::kIdentity, encode_identity(found.identity)),
         note(spec.group, Note::kMembership, encode_members(spec.membership))}));
    add(std::move(found));
    co_return Result<void>();
}

Task<Result<void>> Host::destroy(GroupId id) {
    if (coming_.contains(id)) {
        co_return base::fail(Errc::kRetry,
                             "group " + to_string(id) + " is coming or going just now");
    }
    // One whose destruction went wrong half-way is known to the log alone.
    if (log_->find(id) == nullptr) {
        co_return base::fail(Errc::kNotFound, "group " + to_string(id) + " has no replica here");
    }
    coming_.insert(id);
    const Coming going(coming_, id);
    CO_TRY(co_await log_->write({note(id, Note::kIntent, encode_intent({}))}));
    std::unique_ptr<Machine> machine;
    if (const auto here = groups_.find(id); here != groups_.end()) {
        Group& group = *here->second;
        damaged_ -= group.tells_damage ? 1 : 0;
        abandon(group, "the replica was destroyed");
        machine = std::move(group.machine);
        leave_dormitories(group);
        groups_.erase(here);
        // Its tasks may have finished, or begun, an installation meanwhile, and have said so.
        CO_TRY(co_await log_->write({note(id, Note::kIntent, encode_intent({}))}));
    } else {
        machine = services_.make_machine(id, raft::kNobody);
    }
    CO_TRY(co_await forget(id, machine.get()));
    co_await remove_snapshots(id);
    std::erase_if(lost_, [id](const LostReplica& lost) { return lost.group == id; });
    settle_damage();
    co_return Result<void>();
}

// What goes wrong here, the next start does.
Task<void> Host::remove_snapshots(GroupId id) {
    parts_.erase(id);
    const auto names = co_await world_.disk().list(options_.snapshots);
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
        if (name.starts_with("in-" + to_string(id) + "-") ||
            name.starts_with("out-" + to_string(id) + "-")) {
            static_cast<void>(co_await world_.disk().remove(options_.snapshots + "/" + name));
        }
    }
}

Task<Result<void>> Host::forget(GroupId id, Machine* machine) {
    if (machine != nullptr) {
        CO_TRY(co_await machine->destroy());
    }
    co_return co_await log_->write({storage_log::forget(id)});
}

}  // namespace distkv::shard
