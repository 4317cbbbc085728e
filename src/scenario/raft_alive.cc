// After the healing, every group that can work does, also when a link or a minority stays cut.
#include <algorithm>

#include "scenario/raft_cluster.h"

namespace distkv::scenario {

using base::NodeId;
using raft::ReplicaId;
using shard::GroupId;
using namespace std::chrono_literals;

namespace {

// A write of some client must have succeeded so recently; nobody may have asked for half of it.
constexpr time::Duration kFresh = 10s;

}  // namespace

bool RaftCluster::hears(NodeId a, NodeId b) const {
    return !planet_->fabric().is_cut(a, b) && !planet_->fabric().is_cut(b, a);
}

// Somebody who may lead can talk to a quorum that owes nothing, itself included, and to as many
// regions as a commit needs.
bool RaftCluster::can_work(GroupId id) const {
    const shard::Group* newest = nullptr;
    std::map<ReplicaId, NodeId> well;
    for (const auto& [node, running] : running_) {
        const shard::Group* group = running->host.find(id);
        if (group == nullptr || !planet_->node(node).up()) {
            continue;
        }
        if (!group->core.is_repairing()) {
            well[group->replica] = node;
        }
        if (newest == nullptr || group->core.membership_index() > newest->core.membership_index()) {
            newest = group;
        }
    }
    if (newest == nullptr) {
        return false;
    }
    const raft::Membership& members = newest->core.membership();
    return std::ranges::any_of(well, [&](const auto& leader) {
        const raft::Member* member = members.find(leader.first);
        return member != nullptr && !member->witness && members.is_voter(leader.first) &&
               members.committed([&](ReplicaId other) -> std::uint64_t {
                   const auto found = well.find(other);
                   const bool counts = found != well.end() &&
                                       (found->second == leader.second ||
                                        hears(leader.second, found->second));
                   return counts ? 1 : 0;
               }) > 0;
    });
}

void RaftCluster::check_alive() {
    for (std::uint64_t g = 1; g <= groups_; ++g) {
        const GroupId id{g};
        if (can_work(id) && now() - last_write_[id] > kFresh) {
            violated("group " + std::to_string(g) + ": nothing was written since " +
                     std::to_string(last_write_[id].time_since_epoch() / 1ms) +
                     " ms, though a quorum is well");
        }
    }
}

}  // namespace distkv::scenario
