#include "scenario/raft_cluster.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "time/geography.h"

namespace distkv::scenario {

using base::Errc;
using base::NodeId;
using base::Result;
using raft::ReplicaId;
using shard::GroupId;
using shard::Host;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSpareNodes = 2;
constexpr std::uint64_t kClientsPerGroup = 2;  // And node.
constexpr std::size_t kViolationsKept = 10;

// Then the disk is taken for lost, and the node begins with an empty one.
constexpr int kStartsMax = 20;
constexpr time::Duration kStartAgainAfter = 200ms;
constexpr time::Duration kStewardEvery = 100ms;

template <class T, std::size_t N>
T any_of(base::Rng& rng, const std::array<T, N>& values) {
    return values[rng.below(N)];
}

}  // namespace

// Each seed draws its own sizes and patience: small logs make cuts and snapshots frequent.
RaftCluster::RaftCluster(const RaftRun& run)
    : run_(run),
      rng_(base::Rng(run.seed).fork("raft")),
      judge_([this](std::string what) { violated(std::move(what)); }) {
    CHECK(run.voters >= 1 && run.voters <= kVotersMax);
    groups_ = 1 + rng_.below(3);
    is_lan_ = rng_.below(2) == 0;
    options_.log.segment_bytes = any_of<std::uint64_t, 3>(rng_, {8 << 10, 64 << 10, 1 << 20});
    options_.log.zeros_ahead = 4096;
    options_.log.batch_bytes = 16 << 10;
    options_.log.cache_bytes = any_of<std::uint64_t, 2>(rng_, {1 << 10, 64 << 10});
    options_.raft.message_bytes_max = any_of<std::size_t, 2>(rng_, {300, 64 << 10});
    options_.raft.cache_bytes_max = any_of<std::size_t, 3>(rng_, {0, 1000, 64 << 10});
    options_.raft.apply_bytes_max = any_of<std::size_t, 2>(rng_, {300, 64 << 10});
    options_.raft.inflight_messages_max = any_of<std::size_t, 2>(rng_, {2, 64});
    options_.raft.leases = rng_.below(3) != 0;
    options_.flush_bytes = any_of<std::size_t, 3>(rng_, {500, 4 << 10, 64 << 10});
    options_.laggard_bytes_max = any_of<std::size_t, 3>(rng_, {0, 2 << 10, 64 << 10});
    options_.sleep_after = any_of<time::Duration, 2>(rng_, {100ms, 1s});
    options_.chunk_bytes = any_of<std::size_t, 2>(rng_, {100, 64 << 10});
    options_.snapshot_bytes_per_second = any_of<std::size_t, 2>(rng_, {1 << 10, 64 << 20});
}

std::vector<sim::Site> RaftCluster::sites() const {
    std::vector<sim::Site> sites;
    const auto cities = time::twelve_cities();
    for (std::size_t i = 0; i < run_.voters + kSpareNodes; ++i) {
        const std::string_view city = cities[is_lan_ ? 0 : i % 3];
        const auto place = time::find_place(city);
        CHECK(place.has_value(), city);
        sites.push_back({std::string(city) + "-" + std::to_string(i + 1), place->at});
    }
    return sites;
}

void RaftCluster::settle_on(sim::Planet& planet) {
    planet_ = &planet;
    const sim::Weather& weather = planet.stage().weather;
    disks_rot_ = weather.has(sim::Fault::kDiskBitFlip) || weather.has(sim::Fault::kDiskReadError);
    if (weather.has(sim::Fault::kDiskBitFlip)) {
        judge_.let_disks_rot();
    }
    for (std::uint64_t g = 1; g <= groups_; ++g) {
        shard::GroupSpec spec{.group = {g}, .replica = {}, .witness = false, .membership = {}};
        std::vector<std::pair<NodeId, raft::Member>> first;
        for (std::uint64_t node = 1; node <= run_.voters; ++node) {
            const bool witness = run_.voters >= 3 && node > 1 && rng_.below(8) == 0;
            raft::Member member = new_replica(spec.group, {node}, witness);
            member.region = raft::RegionLabel{node % 3};
            first.emplace_back(NodeId{node}, member);
            spec.membership.voters.push_back(member);
        }
        spec.membership.regions_min = rng_.below(4) == 0 && run_.voters >= 3 ? 2 : 0;
        for (const auto& [node, member] : first) {
            spec.replica = member.id;
            spec.witness = member.witness;
            orders_[node].push_back({.create = spec});
        }
    }
}

raft::Member RaftCluster::new_replica(GroupId group, NodeId node, bool witness) {
    const ReplicaId id{next_replica_++};
    const sim::TrueTime made = planet_ == nullptr ? sim::TrueTime{} : now();
    directory_[{group, id}] = {.node = node, .witness = witness, .dead = false, .made = made};
    return {.id = id, .witness = witness, .region = raft::RegionLabel{node.value % 3}};
}

shard::HostServices RaftCluster::services(World& world) {
    return {
        .address_of = [this](GroupId group, ReplicaId replica) -> std::optional<world::Address> {
            const auto found = directory_.find({group, replica});
            if (found == directory_.end()) {
                return std::nullopt;
            }
            return world::Address{found->second.node, {0}};
        },
        .make_machine =
            [this, &world](GroupId group, ReplicaId) {
                RegisterMachine::Watch watch{
                    .applied = [this, group](
                                   const raft::Entry& entry,
                                   std::uint32_t sum) { judge_.applied(group, entry, sum); },
                    .has_room = [&world] { return world.rng().below(50) != 0; },
                    .loaded = [this, group](
                                  const shard::Mark& mark,
                                  std::uint32_t sum) { judge_.loaded(group, mark, sum); }};
                return std::make_unique<RegisterMachine>(world, "groups/" + to_string(group),
                                                         std::move(watch));
            },
        .distance_to =
            [this, &world](world::Address there) {
                const auto& here = planet_->node(world.node()).options().place;
                if (there.node.value < 1 || there.node.value > planet_->nodes().size()) {
                    return time::Span{};
                }
                const auto floor =
                    time::light_floor(here, planet_->node(there.node).options().place);
                return time::Span{.floor_one_way = floor, .route_one_way = 5 * floor / 2};
            },
        .close_time = [&world] { return time::Hlc::at(world.wall_now()); },
        .sent = [this](GroupId group, const raft::Message& message) { tell_sent(group, message); }};
}

// ---- a node

RaftCluster::Running::Running(RaftCluster& its_cluster, World& its_world, Host& its_host)
    : cluster(its_cluster), world(its_world), host(its_host), boot(++its_cluster.boots_) {
    cluster.running_[world.node()] = this;
}

RaftCluster::Running::~Running() {
    for (const GroupId id : host.groups()) {
        cluster.judge_.remember(*host.find(id), host.log());
    }
    cluster.running_.erase(world.node());
}

Task<void> RaftCluster::run_node(World& world) {
    if (world.reactors().self() != base::ReactorId{0}) {
        co_return;
    }
    while (!world.stopping()) {
        auto host = co_await Host::open(world, options_, services(world));
        if (!host) {
            co_await give_up(world, host.error());
            continue;
        }
        failed_starts_[world.node()] = 0;
        const Running running(*this, world, **host);
        co_await run_host(world, **host);
    }
}

// A host that fails ends as a process would, and starts again.
Task<void> RaftCluster::run_host(World& world, Host& host) {
    world::Scope people(world.scheduler());
    people.spawn("steward", steward(world, host));
    people.spawn("director", director(world, host));
    for (std::uint64_t i = 0; i < kClientsPerGroup * groups_; ++i) {
        people.spawn("client", client(world, host, {1 + i % groups_}));
    }
    static_cast<void>(co_await host.run());
}

Task<void> RaftCluster::give_up(World& world, base::Error why) {
    const NodeId node = world.node();
    co_await world.sleep_for(kStartAgainAfter);
    const bool hopeless = why.code == Errc::kCorrupt || why.code == Errc::kInvalid;
    if (!hopeless || ++failed_starts_[node] < kStartsMax) {
        co_return;
    }
    // Somebody puts a new disk in.
    damaged_disks_.insert(node);
    failed_starts_[node] = 0;
    for (auto& [replica, known] : directory_) {
        if (known.node == node && !known.dead) {
            known.dead = true;
        }
    }
    for (const std::string directory : {"log", "groups", "snapshots"}) {
        const auto names = co_await world.disk().list(directory);
        for (const std::string& name : names ? *names : std::vector<std::string>{}) {
            std::string path = directory;
            path.append("/").append(name);
            static_cast<void>(co_await world.disk().remove(std::move(path)));
        }
        static_cast<void>(co_await world.disk().sync_directory(directory));
    }
}

// Does what the director has ordered, and buries what the host found lost.
Task<void> RaftCluster::steward(World& world, Host& host) {
    const NodeId node = world.node();
    for (;;) {
        co_await bury_lost(node, host);
        std::deque<Order>& orders = orders_[node];
        if (orders.empty()) {
            co_await world.sleep_for(kStewardEvery);
            continue;
        }
        const Order order = orders.front();
        const bool done = co_await obey(host, order);
        if (done) {
            orders.pop_front();
        } else {
            co_await world.sleep_for(kStewardEvery);
        }
    }
}

Task<bool> RaftCluster::obey(Host& host, const Order& order) {
    const GroupId group = order.create.group;
    const shard::Group* here = host.find(group);
    const bool is_it = here != nullptr && here->replica == order.create.replica;
    if (!order.destroys) {
        if (directory_.at({group, order.create.replica}).dead) {
            co_return true;
        }
        const Result<void> made = co_await host.create(order.create);
        co_return made || is_it || made.error().code == Errc::kInvalid;
    }
    if (!is_it) {
        co_return true;
    }
    judge_.remember(*here, host.log());
    const Result<void> destroyed = co_await host.destroy(group);
    co_return destroyed || destroyed.error().code == Errc::kNotFound;
}

Task<void> RaftCluster::bury_lost(NodeId node, Host& host) {
    while (!host.lost().empty()) {
        const shard::LostReplica lost = host.lost().front();
        const bool excused = disks_rot_ || damaged_disks_.contains(node);
        if (!excused) {
            violated("group " + to_string(lost.group) + ": node " + to_string(node) +
                     " has lost its replica, and its disk is not to blame: " + lost.why);
        }
        for (auto& [replica, known] : directory_) {
            if (replica.first == lost.group && known.node == node) {
                known.dead = true;
            }
        }
        if (!co_await host.destroy(lost.group)) {
            co_return;
        }
    }
}

// ---- what is seen

void RaftCluster::look() {
    for (const auto& [node, running] : running_) {
        for (const GroupId id : running->host.groups()) {
            judge_.look(*running->host.find(id), running->host.log(), running->boot);
            const time::Hlc closed = running->host.closed(id);
            judge_.closed(id, closed);
            counts_.closed += closed > time::Hlc{} ? 1 : 0;
        }
        if (run_.story) {
            tell(*running);
        }
    }
}

void RaftCluster::tell(const Running& running) {
    for (const GroupId id : running.host.groups()) {
        const shard::Group& group = *running.host.find(id);
        raft::Status status = group.core.status();
        std::string line = raft::to_json(status);
        std::string& told = told_[{id, group.replica}];
        if (line != told) {
            told = line;
            run_.story("{\"at_ns\":" + std::to_string(now().time_since_epoch().count()) +
                       ",\"node\":" + to_string(running.world.node()) +
                       ",\"group\":" + to_string(id) + ",\"state\":" + line + "}");
        }
    }
}

void RaftCluster::tell_sent(GroupId group, const raft::Message& m) {
    if (!run_.story) {
        return;
    }
    run_.story("{\"at_ns\":" + std::to_string(now().time_since_epoch().count()) + ",\"group\":" +
               to_string(group) + ",\"message\":{\"kind\":\"" + std::string(raft::name_of(m.kind)) +
               "\",\"from\":" + to_string(m.from) + ",\"to\":" + to_string(m.to) +
               ",\"term\":" + std::to_string(m.term) + ",\"index\":" + std::to_string(m.at.index) +
               ",\"index_term\":" + std::to_string(m.at.term) + ",\"entries\":" +
               std::to_string(m.entries.size()) + ",\"commit\":" + std::to_string(m.commit) +
               ",\"rejected\":" + (m.rejected ? "true" : "false") + "}}");
}

void RaftCluster::violated(std::string what) {
    if (violations_.size() < kViolationsKept) {
        const auto ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
        violations_.push_back("at " + std::to_string(ms.count()) + " ms: " + std::move(what));
    }
}

RaftCounts RaftCluster::counts() const {
    RaftCounts counts = counts_;
    const RaftJudge::Totals totals = judge_.totals();
    counts.committed = totals.committed;
    counts.leaders = totals.leaders;
    return counts;
}

void RaftCluster::finish() {
    if (run_.story) {
        for (const auto& [node, running] : running_) {
            for (const GroupId id : running->host.groups()) {
                const shard::Group& g = *running->host.find(id);
                run_.story(
                    "{\"node\":" + to_string(node) + ",\"group\":" + to_string(id) +
                    ",\"applied\":" + std::to_string(g.applied.at.index) +
                    ",\"flushed\":" + std::to_string(g.flushed) +
                    ",\"durable\":" + std::to_string(g.core.durable_last()) +
                    ",\"staged\":" + (g.staged ? "true" : "false") +
                    ",\"incoming\":" + (g.incoming ? "true" : "false") +
                    ",\"outgoing\":" + (g.outgoing ? "true" : "false") + ",\"tick_in_ms\":" +
                    std::to_string((g.core.next_tick() - running->world.mono_now()) / 1ms) +
                    ",\"witness\":" + (g.witness ? "true" : "false") + ",\"timer_in_ms\":" +
                    std::to_string((g.timer_at - running->world.mono_now()) / 1ms) +
                    ",\"members\":\"" + raft::to_string(g.core.membership()) + "\"" +
                    ",\"have\":" + std::to_string(g.incoming ? g.incoming->have : 0) +
                    ",\"of\":" + std::to_string(g.incoming ? g.incoming->offer.size : 0) +
                    ",\"in\":" + std::to_string(g.incoming ? g.incoming->offer.transfer : 0) +
                    ",\"out\":" + std::to_string(g.outgoing ? g.outgoing->transfer : 0) +
                    ",\"saving\":" + (g.saving ? "true" : "false") +
                    ",\"loading\":" + (g.loading ? "true" : "false") +
                    ",\"busy\":" + (g.machine_busy ? "true" : "false") +
                    ",\"under_way\":" + std::to_string(g.under_way) +
                    ",\"asleep\":" + (g.core.is_asleep() ? "true" : "false") +
                    ",\"repairing\":" + (g.core.is_repairing() ? "true" : "false") +
                    ",\"pending\":" + (g.core.snapshot_pending() ? "true" : "false") + "}");
            }
        }
    }
    if (violations_.empty()) {  // Else the run was stopped in its middle.
        judge_history();
        check_alive();
    }
}

}  // namespace distkv::scenario
