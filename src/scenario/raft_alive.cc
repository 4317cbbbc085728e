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
    // Nobody may need to hear first from one who cannot lead: a log must be the newest as it is.
    std::pair<std::uint64_t, std::uint64_t> newest_log;
    const auto log_of = [this, id](NodeId node) {
        const raft::Position last = running_.at(node)->host.find(id)->core.log().last();
        return std::pair(last.term, last.index);
    };
    for (const auto& [replica, node] : well) {
        newest_log = std::max(newest_log, log_of(node));
    }
    return std::ranges::any_of(well, [&](const auto& leader) {
        const raft::Member* member = members.find(leader.first);
        return member != nullptr && !member->witness && members.is_voter(leader.first) &&
               log_of(leader.second) == newest_log &&
               members.committed([&](ReplicaId other) -> std::uint64_t {
                   const auto found = well.find(other);
                   const bool counts = found != well.end() && (found->second == leader.second ||
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
