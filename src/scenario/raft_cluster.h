// The people around simulated groups: a directory that knows who is where, clients that read and
// write, and a director that moves members about and replaces what is lost.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "history/linearizability.h"
#include "scenario/raft_judge.h"
#include "scenario/raft_run.h"
#include "scenario/register_machine.h"
#include "shard/host.h"
#include "sim/planet.h"

namespace distkv::scenario {

class RaftCluster {
public:
    explicit RaftCluster(const RaftRun& run);

    // Before the planet runs.
    void settle_on(sim::Planet& planet);

    // What each node runs.
    world::Task<void> run_node(world::World& world);

    // After every event, and after the last one.
    void look();
    void finish();

    [[nodiscard]] std::vector<sim::Site> sites() const;
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    [[nodiscard]] const sim::Operations& operations() const { return operations_; }
    [[nodiscard]] RaftCounts counts() const;

private:
    using Replica = std::pair<shard::GroupId, raft::ReplicaId>;

    // What a node shall do, told by the director.
    struct Order {
        shard::GroupSpec create;  // Of a replica;
        bool destroys = false;    // or the end of one.
    };
    struct Running {  // A host, for as long as it is up.
        Running(RaftCluster& cluster, world::World& its_world, shard::Host& its_host);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

        RaftCluster& cluster;
        world::World& world;
        shard::Host& host;
        std::uint64_t boot;
    };
    struct Known {  // In the directory.
        base::NodeId node;
        bool witness = false;
        bool dead = false;  // It will never answer again.
        sim::TrueTime made{};
    };

    // raft_cluster.cc
    [[nodiscard]] shard::HostOptions host_options() const;
    [[nodiscard]] shard::HostServices services(world::World& world);
    world::Task<void> run_host(world::World& world, shard::Host& host);
    world::Task<void> steward(world::World& world, shard::Host& host);
    world::Task<void> give_up(world::World& world, base::Error why);
    world::Task<bool> obey(shard::Host& host, const Order& order);
    world::Task<void> bury_lost(base::NodeId node, shard::Host& host);
    void violated(std::string what);
    void tell(const Running& running);
    void tell_sent(shard::GroupId group, const raft::Message& message);
    [[nodiscard]] sim::TrueTime now() const { return planet_->stage().now(); }

    // raft_clients.cc
    world::Task<void> client(world::World& world, shard::Host& host, shard::GroupId group);
    world::Task<void> operate(world::World& world, shard::Host& host, shard::GroupId group,
                              bool leads);
    world::Task<base::Result<history::Op>> write(shard::Host& host, shard::GroupId group,
                                                 history::Op op);
    world::Task<base::Result<history::Op>> read(world::World& world, shard::Host& host,
                                                shard::GroupId group, history::Op op);
    void judge_history();

    // raft_director.cc
    world::Task<void> director(world::World& world, shard::Host& host);
    world::Task<void> direct(world::World& world, shard::Host& host, shard::GroupId group);
    [[nodiscard]] std::optional<raft::Change> choose_change(base::Rng& rng,
                                                            const shard::Group& group);
    [[nodiscard]] std::optional<raft::Change> add_somebody(base::Rng& rng,
                                                           const shard::Group& group);
    world::Task<void> clear_away(shard::Host& host, shard::GroupId group);
    [[nodiscard]] raft::Member new_replica(shard::GroupId group, base::NodeId node, bool witness);

    // raft_alive.cc
    [[nodiscard]] bool can_work(shard::GroupId group) const;
    [[nodiscard]] bool hears(base::NodeId a, base::NodeId b) const;
    void check_alive();

    RaftRun run_;
    base::Rng rng_;
    sim::Planet* planet_ = nullptr;
    shard::HostOptions options_;
    std::size_t groups_ = 1;
    bool is_lan_ = true;
    RaftJudge judge_;

    std::map<base::NodeId, Running*> running_;
    std::map<Replica, Known> directory_;
    std::map<base::NodeId, std::deque<Order>> orders_;
    std::map<base::NodeId, int> failed_starts_;
    std::set<base::NodeId> damaged_disks_;
    bool disks_rot_ = false;  // In the weather of this run, before the healing.
    std::uint64_t next_replica_ = 1;
    std::uint64_t boots_ = 0;

    std::vector<history::Op> history_;
    std::vector<bool> in_history_;  // False: it never happened, or tells nothing.
    std::uint64_t next_value_ = 1;
    std::map<shard::GroupId, sim::TrueTime> last_write_;
    sim::Operations operations_;
    RaftCounts counts_;
    std::map<Replica, std::string> told_;
    std::vector<std::string> violations_;
};

}  // namespace distkv::scenario
