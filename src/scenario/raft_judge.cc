#include "scenario/raft_judge.h"

#include <algorithm>

namespace distkv::scenario {

using raft::Position;
using raft::ReplicaId;
using raft::Role;
using shard::Group;
using shard::GroupId;

void RaftJudge::look(const Group& group, const storage_log::Log& log, std::uint64_t boot) {
    OneGroup& all = groups_[group.id];
    Life& life = all.lives[group.replica];
    Durable& disk = all.disks[group.replica];
    const raft::Core& core = group.core;
    if (life.life != group.life || life.boot != boot) {
        // What was never durable may be forgotten: nothing was promised in it.
        if (core.term() < disk.term && !disks_rot_) {
            violated(group.id, "replica " + to_string(group.replica) + " starts in term " +
                                   std::to_string(core.term()) + ", and " +
                                   std::to_string(disk.term) + " was durable");
        }
        life = {.life = group.life,
                .boot = boot,
                .term = core.term(),
                .commit = 0,
                .applied = {},
                .role = Role::kFollower,
                .membership = core.membership()};
        disk.running = true;
        disk.log = &log;
        disk.entries.clear();
    }
    if (core.term() < life.term) {
        violated(group.id, "the term of replica " + to_string(group.replica) + " went back");
    }
    if (core.commit() < life.commit) {
        violated(group.id,
                 "the commit index of replica " + to_string(group.replica) + " went back");
    }
    disk.owes = core.is_repairing();
    life.term = core.term();
    const std::uint64_t before = std::exchange(life.commit, core.commit());
    look_at_durable(group, log);
    if (core.role() == Role::kLeader && life.role != Role::kLeader) {
        look_at_leader(group, all);
    }
    life.role = core.role();
    if (core.commit() != before) {
        look_at_commit(group, all, before, life.membership);
        life.membership = core.membership();
    }
    if (core.role() == Role::kLeader) {
        look_at_ceilings(group, all);
    }
    if (std::exchange(life.applied, group.applied.at) != group.applied.at) {
        look_at_applied(group);
    }
}

// What a snapshot would say, and whoever takes it then believes.
void RaftJudge::look_at_applied(const Group& group) {
    const raft::Log& log = group.core.log();
    const std::uint64_t index = group.applied.at.index;
    if (index < log.cut().index || group.core.snapshot_pending() || group.loading) {
        return;
    }
    if (*log.membership_at(index).membership != group.applied.membership) {
        violated(group.id, "replica " + to_string(group.replica) + " has applied entry " +
                               std::to_string(index) +
                               " and believes in other members than its log");
    }
}

void RaftJudge::look_at_durable(const Group& group, const storage_log::Log& log) {
    const raft::Core& core = group.core;
    const std::uint64_t index = core.durable_last();
    if (index <= core.log().cut().index || core.snapshot_pending()) {
        return;
    }
    const storage_log::GroupLog* disk = log.find(group.id);
    const storage_log::EntryPlace* entry = disk == nullptr ? nullptr : disk->entry(index);
    if (entry == nullptr || entry->term != core.log().term_at(index)) {
        violated(group.id, "replica " + to_string(group.replica) + " believes that entry " +
                               std::to_string(index) +
                               " is durable, and its disk does not have it");
    }
}

void RaftJudge::look_at_leader(const Group& group, OneGroup& all) {
    const raft::Core& core = group.core;
    const auto [leader, is_new] = all.leaders.try_emplace(core.term(), group.replica);
    if (leader->second != group.replica) {
        violated(group.id, "election safety: replicas " + to_string(group.replica) + " and " +
                               to_string(leader->second) + " both lead in term " +
                               std::to_string(core.term()));
    }
    for (auto it = all.agreed.lower_bound(core.log().first_index()); it != all.agreed.end(); ++it) {
        // A leader of an earlier term may come late, and will never commit anything.
        const auto& [index, agreed] = *it;
        if (agreed.committed_in < core.term() && !core.log().holds({index, agreed.term})) {
            violated(group.id, "leader completeness: replica " + to_string(group.replica) +
                                   " leads in term " + std::to_string(core.term()) +
                                   " without entry " + std::to_string(index));
            return;
        }
    }
}

// A leader may have read as high as its ceiling; nobody after it may stamp there.
void RaftJudge::look_at_ceilings(const Group& group, OneGroup& all) {
    const std::uint64_t term = group.core.term();
    time::Hlc& used = all.ceilings[term];
    const time::Hlc ceiling = group.core.ceiling();
    const bool is_new = !all.floors.contains(term);
    if (ceiling <= used && !is_new) {
        return;
    }
    used = std::max(used, ceiling);
    all.floors[term] = group.core.stamp_floor();
    const bool is_newest = term == all.leaders.rbegin()->first;
    if (is_new && is_newest && all.floors[term] < all.closed) {
        violated(group.id, "the leader of term " + std::to_string(term) +
                               " may stamp where a sleeping follower has read");
        return;
    }
    time::Hlc highest{};
    for (const auto& [of, high] : all.ceilings) {
        const auto floor = all.floors.find(of);
        if (floor != all.floors.end() && floor->second < highest) {
            violated(group.id, "the leader of term " + std::to_string(of) +
                                   " may stamp where an earlier one has read");
            return;
        }
        highest = std::max(highest, high);
    }
}

void RaftJudge::look_at_commit(const Group& group, OneGroup& all, std::uint64_t before,
                               const raft::Membership& membership_before) {
    const raft::Core& core = group.core;
    for (std::uint64_t index = std::max(before + 1, core.log().first_index());
         index <= core.commit(); ++index) {
        const std::uint64_t term = core.log().term_at(index).value_or(0);
        const auto [agreed, is_new] = all.agreed.try_emplace(index, Agreed{term, core.term()});
        if (agreed->second.term != term) {
            violated(group.id, "state-machine safety: replica " + to_string(group.replica) +
                                   " commits another entry " + std::to_string(index));
            return;
        }
    }
    // (A follower may hear of a commit under a membership that it does not have yet.)
    if (core.role() != Role::kLeader || core.commit() <= all.durable_checked) {
        return;
    }
    all.durable_checked = core.commit();
    const auto newest = all.agreed.find(core.commit());
    if (newest == all.agreed.end()) {
        return;  // It is cut away already.
    }
    const Position at{newest->first, newest->second.term};
    // In one event a leader may commit more under one membership and then have the next take
    // effect.
    const auto has_it = [&](ReplicaId member) { return has(all, group.id, member, at); };
    if (!core.membership().is_quorum(has_it) && !membership_before.is_quorum(has_it)) {
        violated(group.id, "replica " + to_string(group.replica) + " commits entry " +
                               std::to_string(at.index) + ", which is not durable in a quorum");
    }
}

// A damaged entry counts as held: who has lost one owes it, and votes for nobody.
bool RaftJudge::has(const OneGroup& all, GroupId group, ReplicaId replica, Position at) const {
    const auto found = all.disks.find(replica);
    if (found == all.disks.end()) {
        return false;
    }
    const Durable& disk = found->second;
    if (disk.owes) {
        return true;
    }
    if (disk.running) {
        const storage_log::GroupLog* log = disk.log->find(group);
        if (log == nullptr) {
            return false;
        }
        const storage_log::EntryPlace* entry = log->entry(at.index);
        return at.index <= log->cut().index ||
               (entry != nullptr && (entry->term == at.term || !entry->there()));
    }
    const auto entry = std::ranges::lower_bound(disk.entries, at.index, {}, &Position::index);
    return at.index <= disk.cut.index || (entry != disk.entries.end() && entry->index == at.index &&
                                          (entry->term == at.term || entry->term == 0));
}

void RaftJudge::closed(GroupId group, time::Hlc up_to) {
    time::Hlc& highest = groups_[group].closed;
    highest = std::max(highest, up_to);
}

void RaftJudge::remember(const Group& group, const storage_log::Log& log) {
    Durable& disk = groups_[group.id].disks[group.replica];
    disk.running = false;
    disk.log = nullptr;
    disk.entries.clear();
    const storage_log::GroupLog* on_disk = log.find(group.id);
    if (on_disk == nullptr) {
        return;
    }
    disk.term = on_disk->hard_state().term;
    disk.cut = {.index = on_disk->cut().index, .term = on_disk->cut().term};
    for (std::uint64_t index = on_disk->first(); index <= on_disk->last(); ++index) {
        const storage_log::EntryPlace* entry = on_disk->entry(index);
        disk.entries.push_back({index, entry != nullptr && entry->there() ? entry->term : 0});
    }
}

void RaftJudge::applied(GroupId group, const raft::Entry& entry, std::uint32_t sum) {
    const OneGroup& all = groups_[group];
    const auto agreed = all.agreed.find(entry.index);
    if (agreed != all.agreed.end() && agreed->second.term != entry.term) {
        violated(group, "entry " + std::to_string(entry.index) + " of term " +
                            std::to_string(entry.term) +
                            " is applied and is not what was committed there");
    }
    compare_sum(group, entry.index, sum);
}

void RaftJudge::loaded(GroupId group, const shard::Mark& mark, std::uint32_t sum) {
    if (mark.at.index > 0) {
        compare_sum(group, mark.at.index, sum);
    }
}

void RaftJudge::compare_sum(GroupId group, std::uint64_t index, std::uint32_t sum) {
    const auto [known, is_new] = groups_[group].sums.try_emplace(index, sum);
    if (known->second != sum) {
        violated(group, "two replicas differ in their state after entry " + std::to_string(index));
    }
}

RaftJudge::Totals RaftJudge::totals() const {
    Totals totals;
    for (const auto& [id, group] : groups_) {
        totals.committed += group.agreed.size();
        totals.leaders += group.leaders.size();
    }
    return totals;
}

}  // namespace distkv::scenario
