// Storage that holds its answers, crashes, and damage.
#include <algorithm>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using raft::ReplicaId;

Lab::Done Lab::hold(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    replica.holds_storage = true;
    return {};
}

// The oldest of what is held becomes durable; without a count, all that is held now.
Lab::Done Lab::persist(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    const std::uint64_t held = replica.disk.under_way.size();
    if (held == 0) {
        return wrong("the storage of " + name_of(id) + " holds nothing",
                     "'hold " + name_of(id) + "' before something is to be stored");
    }
    const std::uint64_t count = TRY(words.number_or(held, {1, held}));
    TRY(words.end());
    for (std::uint64_t n = 0; n < count; ++n) {
        tell(id, "storage has done " + std::to_string(replica.disk.under_way.front().sequence));
        write_oldest(id);
        drain(id);
    }
    return {};
}

// All that is held never happened.
Lab::Done Lab::refuse(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    if (replica.disk.under_way.empty()) {
        return wrong("the storage of " + name_of(id) + " holds nothing that it could refuse",
                     "'hold " + name_of(id) + "' before something is to be stored");
    }
    const std::uint64_t sequence = replica.disk.under_way.front().sequence;
    tell(id, "storage refuses " + std::to_string(sequence) + " and all that came later");
    replica.disk.under_way.clear();
    step(id, raft::PersistRefused{sequence});
    return {};
}

Lab::Done Lab::release(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    replica.holds_storage = replica.holds_apply = false;
    store(id, {});
    apply_waiting(id);
    drain(id);
    return {};
}

// An answer that the storage gave before, once more.
Lab::Done Lab::again(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    const std::uint64_t sequence = TRY(words.number("the number of an answer", {1}));
    TRY(words.end());
    const auto& answers = replica.disk.answered;
    const auto found = std::ranges::find(answers, sequence, &raft::Persisted::sequence);
    if (found == answers.end()) {
        return wrong(
            "the storage of " + name_of(id) + " has given no answer " + std::to_string(sequence),
            answers.empty() ? "an answer that it has given"
                            : std::to_string(answers.front().sequence) + " to " +
                                  std::to_string(answers.back().sequence));
    }
    step(id, raft::Persisted(*found));
    return {};
}

Lab::Done Lab::hold_apply(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    replica.holds_apply = true;
    return {};
}

// What has been handed out by now.
Lab::Done Lab::apply(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    TRY(words.end());
    apply_waiting(id);
    drain(id);
    return {};
}

// Of what the storage holds, the first so many writes are there afterwards all the same.
Lab::Done Lab::crash(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    const std::uint64_t keep = TRY(words.number_or(0, {0, replica.disk.under_way.size()}));
    TRY(words.end());
    for (std::uint64_t n = 0; n < keep; ++n) {
        static_cast<void>(replica.disk.write_oldest());
    }
    replica.disk.under_way.clear();
    replica.to_apply.clear();
    replica.reads.clear();
    replica.holds_storage = replica.holds_apply = false;
    replica.core.reset();
    tell(id, "crashes");
    return {};
}

Lab::Done Lab::restart(Words& words) {
    const ReplicaId id = TRY(words.id());
    Replica& replica = *TRY(known(id));
    TRY(words.end());
    if (replica.core) {
        return wrong(name_of(id) + " is up", "'crash " + name_of(id) + "' first");
    }
    if (replica.lost_disk) {
        return wrong(name_of(id) + " has forgotten what it promised, and never comes back",
                     "a new core under a new id, added by 'change',");
    }
    const raft::HardState& kept = replica.disk.hard_state;
    tell(id, "restarts with term " + std::to_string(kept.term) +
                 (kept.vote == raft::kNobody ? "" : ", vote for " + name_of(kept.vote)) +
                 ", log up to " + std::to_string(replica.disk.last()) +
                 (replica.disk.damage ? ", damaged" : ""));
    boot(id);
    tell(id, "in effect: " + to_string(replica.core->membership()));
    drain(id);
    return {};
}

// The state is flushed as of INDEX, and the log is cut there.
Lab::Done Lab::compact(Words& words) {
    ReplicaId id;
    Replica& replica = *TRY(next_up(words, id));
    Disk& disk = replica.disk;
    const std::uint64_t first = disk.base.at.index + 1;
    if (replica.applied < first) {
        return wrong(name_of(id) + " has applied nothing that is still in its log",
                     "'compact' after something was applied");
    }
    if (!disk.under_way.empty()) {
        return wrong("the storage of " + name_of(id) + " holds writes",
                     "'persist " + name_of(id) + "' first");
    }
    const std::uint64_t index = TRY(words.number("the index to cut at", {first, replica.applied}));
    TRY(words.end());
    const raft::Log& log = replica.core->log();
    const raft::SnapshotMeta flushed{.at = disk.at(index).position(),
                                     .membership = *log.membership_at(index).membership};
    disk.entries.erase(disk.entries.begin(),
                       disk.entries.begin() + static_cast<std::ptrdiff_t>(index - first + 1));
    disk.base = flushed;
    step(id, raft::Cut{index});
    return {};
}

// While it is down, the disk loses entries FIRST to LAST, and knows it.
Lab::Done Lab::damage(Words& words) {
    const ReplicaId id = TRY(words.id());
    Replica& replica = *TRY(known(id));
    if (replica.core || replica.lost_disk) {
        return wrong(name_of(id) + (replica.core ? " is up" : " has no disk"),
                     "'crash " + name_of(id) + "' first");
    }
    Disk& disk = replica.disk;
    if (disk.entries.empty()) {
        return wrong("the log of " + name_of(id) + " is empty", "a core with entries");
    }
    const std::uint64_t first =
        TRY(words.number("the first index that is lost", {disk.base.at.index + 1, disk.last()}));
    const std::uint64_t last = TRY(words.number_or(first, {first, disk.last()}));
    TRY(words.end());
    const raft::Start::Damage before = disk.damage.value_or(raft::Start::Damage{first, last});
    disk.damage = raft::Start::Damage{.first = std::min(first, before.first),
                                      .last = std::max(last, before.last)};
    tell(id, "disk loses entries " + std::to_string(first) + " to " + std::to_string(last));
    return {};
}

Lab::Done Lab::lose_disk(Words& words) {
    const ReplicaId id = TRY(words.id());
    Replica& replica = *TRY(known(id));
    TRY(words.end());
    if (replica.lost_disk) {
        return wrong(name_of(id) + " has no disk any more", "another core");
    }
    replica.core.reset();
    replica = Replica{};
    replica.lost_disk = true;
    tell(id, "has lost its disk");
    return {};
}

}  // namespace distkv::raft_lab
