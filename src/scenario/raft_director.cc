// The director: adds, promotes, demotes, replaces and removes members, through whoever leads; and
// has replicas destroyed that are members no more, once that is certain.
#include <algorithm>
#include <utility>

#include "scenario/raft_cluster.h"
#include "world/deadline.h"

namespace distkv::scenario {

using base::NodeId;
using base::Result;
using raft::Change;
using raft::Member;
using raft::Membership;
using raft::ReplicaId;
using shard::GroupId;
using shard::Host;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kEvery = 2s;
constexpr time::Duration kPatience = 5s;

// A replica that was made for a group may not have been added yet.
constexpr time::Duration kLonely = 15s;

}  // namespace

Task<void> RaftCluster::director(World& world, Host& host) {
    for (;;) {
        co_await world.sleep_for(
            kEvery / 2 + time::Duration(world.rng().between(0, time::Duration(kEvery).count())));
        for (const GroupId id : host.groups()) {
            const shard::Group* group = host.find(id);
            if (group != nullptr && group->core.role() == raft::Role::kLeader) {
                co_await direct(world, host, id);
            }
        }
    }
}

Task<void> RaftCluster::direct(World& world, Host& host, GroupId id) {
    const auto by = [&world] { return world.mono_now() + kPatience; };
    const shard::Group* group = host.find(id);
    const std::vector<Member>& voters = group->core.membership().voters;
    if (world.rng().below(5) == 0 && !planet_->nemesis().healed()) {
        const ReplicaId to = voters[world.rng().below(voters.size())].id;
        static_cast<void>(
            co_await world::with_deadline(world.scheduler(), by(), host.transfer(id, to)));
        co_return;
    }
    if (const auto change = choose_change(world.rng(), *group)) {
        const auto done =
            co_await world::with_deadline(world.scheduler(), by(), host.change(id, *change));
        counts_.changes += done ? 1 : 0;
    }
    const auto cleared = [](RaftCluster& cluster, Host& its, GroupId of) -> Task<Result<void>> {
        co_await cluster.clear_away(its, of);
        co_return Result<void>();
    };
    static_cast<void>(
        co_await world::with_deadline(world.scheduler(), by(), cleared(*this, host, id)));
}

std::optional<Change> RaftCluster::choose_change(base::Rng& rng, const shard::Group& group) {
    const Membership& now_in = group.core.membership();
    Change change;
    if (now_in.is_joint()) {
        if (now_in.auto_leave) {
            return std::nullopt;
        }
        change.leave = true;
        return change;
    }
    for (const ReplicaId id : now_in.everyone()) {
        if (directory_.at({group.id, id}).dead) {
            change.remove.push_back(id);
            return change;
        }
    }
    if (now_in.voters.size() + now_in.learners.size() < run_.voters) {
        return add_somebody(rng, group);
    }
    if (!run_.members_change || planet_->nemesis().healed() || rng.below(2) == 0) {
        return std::nullopt;
    }
    change.joint = rng.below(4) == 0;
    change.auto_leave = rng.below(3) != 0;
    const Member& voter = now_in.voters[rng.below(now_in.voters.size())];
    switch (rng.below(5)) {
        case 0:
            return add_somebody(rng, group);
        case 1:  // One for another.
            if (now_in.learners.empty()) {
                return std::nullopt;
            }
            change.add_voters = {now_in.learners.front()};
            change.remove = {voter.id};
            return change;
        case 2:
            if (now_in.learners.empty() || now_in.voters.size() > run_.voters) {
                return std::nullopt;
            }
            change.add_voters = {now_in.learners.front()};
            return change;
        case 3:
            if (now_in.voters.size() < run_.voters || now_in.voters.size() == 1) {
                return std::nullopt;
            }
            if (rng.below(2) == 0 && !voter.witness) {
                change.add_learners = {voter};
            } else {
                change.remove = {voter.id};
            }
            return change;
        default:
            change.regions_min = rng.below(3);
            return change;
    }
}

// A learner on a node that has no replica of this group, or, where voters are missing, a voter.
std::optional<Change> RaftCluster::add_somebody(base::Rng& rng, const shard::Group& group) {
    std::set<NodeId> taken;
    for (const auto& [replica, known] : directory_) {
        if (replica.first == group.id && !known.dead) {
            taken.insert(known.node);
        }
    }
    std::vector<NodeId> free;
    for (const auto& node : planet_->nodes()) {
        if (!taken.contains(node->id()) &&
            !planet_->nemesis().broken_for_ever().contains(node->id())) {
            free.push_back(node->id());
        }
    }
    if (free.empty()) {
        return std::nullopt;
    }
    const NodeId node = free[rng.below(free.size())];
    const Member member = new_replica(group.id, node, rng.below(8) == 0);
    orders_[node].push_back({.create = {.group = group.id,
                                        .replica = member.id,
                                        .witness = member.witness,
                                        .membership = {}}});
    Change change;
    if (group.core.membership().voters.size() < run_.voters && rng.below(2) == 0) {
        change.add_voters = {member};
    } else {
        change.add_learners = {member};
    }
    return change;
}

// A leader that was deposed would take the newest members for strangers: so it asks first whether
// it still leads, and then decides at once.
Task<void> RaftCluster::clear_away(Host& host, GroupId id) {
    const shard::Group* group = host.find(id);
    if (group == nullptr || group->witness ||
        !co_await host.read(id, shard::ReadKind::kReadIndex)) {
        co_return;
    }
    group = host.find(id);
    if (group == nullptr || group->core.role() != raft::Role::kLeader ||
        group->core.membership().is_joint() ||
        group->core.log().change_above(group->core.membership_index())) {
        co_return;
    }
    const std::vector<ReplicaId> members = group->core.membership().everyone();
    for (auto& [replica, known] : directory_) {
        const bool stays = replica.first != id || known.dead ||
                           std::ranges::binary_search(members, replica.second) ||
                           now() - known.made < kLonely;
        if (!stays) {
            known.dead = true;
            orders_[known.node].push_back({.create = {.group = id,
                                                      .replica = replica.second,
                                                      .witness = known.witness,
                                                      .membership = {}},
                                           .destroys = true});
        }
    }
}

}  // namespace distkv::scenario
