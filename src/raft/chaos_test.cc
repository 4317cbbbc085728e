#include "raft/chaos_test.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::raft {

using namespace std::chrono_literals;

void ChaosDisk::write(const Persist& persist) {
    if (persist.hard_state) {
        hard_state = *persist.hard_state;
    }
    if (persist.snapshot || !persist.entries.empty()) {
        damage.reset();
    }
    if (persist.snapshot) {
        base = *persist.snapshot;
        entries.clear();
    }
    for (const Entry& entry : persist.entries) {
        CHECK(entry.index > base.at.index && entry.index <= last() + 1);
        entries.resize(entry.index - base.at.index - 1);
        entries.push_back(entry);
    }
}

bool ChaosDisk::holds(Position at) const {
    if (at.index <= base.at.index) {
        return true;  // Part of a state that was committed.
    }
    if (at.index <= owed) {
        return true;  // As good as held: who owes votes for nobody.
    }
    return at.index <= last() && entries[at.index - base.at.index - 1].term == at.term;
}

namespace {

template <std::size_t N>
std::uint64_t any_of(base::Rng& rng, const std::array<std::uint64_t, N>& values) {
    return values[rng.below(N)];
}

}  // namespace

ChaosWeather::ChaosWeather(base::Rng& rng)
    : time_step_us(any_of<4>(rng, {5'000, 20'000, 60'000, 120'000})),
      burst(any_of<3>(rng, {1, 4, 12})),
      reach(any_of<4>(rng, {1, 4, 12, 60})),
      one_lost_of(any_of<4>(rng, {0, 100, 25, 8})),
      one_doubled_of(any_of<3>(rng, {0, 20, 5})),
      disk_idles_of_8(any_of<4>(rng, {0, 3, 5, 7})),
      one_refused_of(any_of<3>(rng, {0, 200, 60})),
      clients_of_1000(any_of<3>(rng, {30, 90, 200})),
      members_of_1000(any_of<4>(rng, {0, 4, 20, 50})),
      trouble_of_1000(any_of<4>(rng, {5, 20, 40, 80})),
      one_promise_crashes_of(any_of<3>(rng, {0, 100, 20})),
      one_new_leader_cut_of(any_of<3>(rng, {0, 8, 2})),
      one_damaged_of(any_of<3>(rng, {0, 0, 8})),
      crashes(any_of<3>(rng, {0, 1, 4})),
      cuts(any_of<3>(rng, {0, 1, 4})),
      flushes(any_of<3>(rng, {0, 1, 3})),
      forgets(rng.below(2)),
      stalls(any_of<3>(rng, {0, 1, 6})),
      campaigns(any_of<3>(rng, {0, 2, 8})) {}

Chaos::Chaos(const ChaosPlan& plan) : plan_(plan), rng_(plan.seed), weather_(rng_) {
    options_.timeouts.heartbeat = std::array{50ms, 15ms}[rng_.below(2)];
    options_.timeouts.election_min = options_.timeouts.heartbeat * (2 + rng_.below(5));
    options_.timeouts.election_max = 2 * options_.timeouts.election_min;
    options_.lease_max = options_.timeouts.election_max;
    options_.inflight_messages_max = 1 + rng_.below(6);
    options_.message_bytes_max = 64 + rng_.below(400);
    options_.cache_bytes_max = rng_.below(600);
    options_.apply_bytes_max = 64 + rng_.below(400);
    options_.leases = rng_.below(2) != 0;
    base::Rng bounds = rng_.fork("bounds");
    if (bounds.below(4) == 0) {
        options_.persists_max = 1 + bounds.below(20);
        options_.held_messages_max = 16 + bounds.below(60);
    }
    Membership membership;
    const std::uint64_t voters = std::array{1, 3, 3, 3, 4, 5, 5}[rng_.below(7)];
    for (std::uint64_t i = 0; i < voters; ++i) {
        membership.voters.push_back({.id = ReplicaId{next_replica_++},
                                     .witness = i > 0 && rng_.below(8) == 0,
                                     .region = RegionLabel{rng_.below(3)},
                                     .priority = 1 + rng_.below(2)});
    }
    membership.regions_min = rng_.below(4) == 0 ? 2 : 0;
    for (const Member& member : membership.voters) {
        start(member.id, membership);
    }
}

time::MonoTime Chaos::now(const ChaosReplica& replica) const {
    const time::Duration since = true_time_ - replica.booted.time_since_epoch();
    return time::MonoTime(true_time_ + since * replica.drift_ppm / 1'000'000);
}

void Chaos::start(ReplicaId id, const Membership& membership) {
    ChaosReplica& replica = replicas_[id];
    replica.disk.base.membership = membership;
    replica.drift_ppm = rng_.between(-50, 50);
    restart(id);
}

void Chaos::restart(ReplicaId id) {
    ChaosReplica& replica = replicas_.at(id);
    damage(id);
    const ChaosDisk& disk = replica.disk;
    replica.booted = time::MonoTime(true_time_);
    replica.applied = disk.base.at.index;
    replica.applied_membership = disk.base.membership;
    replica.commit_seen = 0;
    replica.term_seen = disk.hard_state.term;
    Start start{.hard_state = disk.hard_state,
                .cut = disk.base.at,
                .membership = disk.base.membership,
                .entries = disk.entries,
                .applied = disk.base.at.index,
                .damage = disk.damage};
    Options options = options_;
    options.id = id;
    replica.core.emplace(options, std::move(start), now(replica), base::Rng(rng_.next()));
}

// Some of what is not yet applied. Never at a second replica before the first is whole again: what
// a majority has lost is lost.
void Chaos::damage(ReplicaId id) {
    ChaosDisk& disk = replicas_.at(id).disk;
    const Membership& members = replicas_.at(id).applied_membership;
    const bool others_are_whole = std::ranges::all_of(replicas_, [id](const auto& other) {
        const ChaosDisk& its = other.second.disk;
        return other.first == id || (its.owed == 0 && its.hard_state.repair == Position{});
    });
    const bool may = disk.last() > disk.base.at.index && others_are_whole &&
                     members.voters.size() >= 3 && !members.is_joint();
    if (may && one_of(weather_.one_damaged_of)) {
        const std::uint64_t first = rng_.between(disk.base.at.index + 1, disk.last());
        disk.damage = Start::Damage{.first = first, .last = disk.last()};
        disk.owed = std::max(disk.owed, disk.last());
        disk.entries.resize(first - disk.base.at.index - 1);
    }
}

void Chaos::crash(ReplicaId id) {
    ChaosReplica& replica = replicas_.at(id);
    for (std::uint64_t keep = rng_.below(replica.disk.under_way.size() + 1); keep > 0; --keep) {
        replica.disk.write(replica.disk.under_way.front());
        replica.disk.under_way.pop_front();
    }
    replica.disk.under_way.clear();
    replica.answers.clear();
    replica.fetched.clear();
    replica.core.reset();
}

void Chaos::step(ReplicaId id, Input input) {
    const auto found = replicas_.find(id);
    if (found != replicas_.end() && found->second.core) {
        found->second.core->step(now(found->second), std::move(input));
        drain(id);
    }
}

void Chaos::drain(ReplicaId id) {
    ChaosReplica& replica = replicas_.at(id);
    while (replica.core->has_effects()) {
        Effects effects = replica.core->take_effects();
        const std::size_t leaders_before = leaders_.size();
        judge(id);
        const bool leads_now = leaders_.size() > leaders_before;
        const bool promises = std::ranges::any_of(effects.send, [](const Message& m) {
            return m.kind == MessageKind::kVoteAnswer || m.kind == MessageKind::kAppendAnswer;
        });
        obey(id, std::move(effects));
        if (leads_now && one_of(weather_.one_new_leader_cut_of)) {
            cut_off(id);
        }
        if (promises && one_of(weather_.one_promise_crashes_of)) {
            crash(id);
            restart(id);
        }
    }
}

void Chaos::cut_off(ReplicaId id) {
    for (const auto& [other, replica] : replicas_) {
        cut_.insert({id, other});
        if (rng_.below(2) == 0) {
            cut_.insert({other, id});
        }
    }
}

void Chaos::obey(ReplicaId id, Effects effects) {
    ChaosReplica& replica = replicas_.at(id);
    bool refused = false;
    for (Persist& persist : effects.persist) {
        refused = refused || one_of(weather_.one_refused_of);
        if (!refused) {
            replica.disk.under_way.push_back(std::move(persist));
        } else {
            replica.core->step(now(replica), PersistRefused{persist.sequence});
        }
    }
    for (Message& m : effects.send) {
        net_.push_back(std::move(m));
    }
    for (const Entry& entry : effects.apply) {
        if (entry.index != replica.applied + 1) {
            violated("replica " + to_string(id) + " applies " + std::to_string(entry.index) +
                     " after " + std::to_string(replica.applied));
        }
        judge_applied(entry);
        replica.applied = entry.index;
        if (entry.kind == EntryKind::kMembership) {
            replica.applied_membership = *Membership::decode(entry.body.view());
        }
    }
    if (!effects.apply.empty()) {
        replica.core->step(now(replica), Applied{replica.applied});
    }
    for (const ReadReady& read : effects.reads) {
        judge_read(id, read);
    }
    for (const ReplicaId to : effects.snapshots) {
        take_snapshot_from(id, to);
    }
    for (const Fetch& fetch : effects.fetch) {
        std::vector<Entry> entries;
        const ChaosDisk& disk = replica.disk;
        for (std::uint64_t at = fetch.first; at <= std::min(fetch.last, disk.last()); ++at) {
            if (at > disk.base.at.index && entries.size() < 3) {
                entries.push_back(disk.entries[at - disk.base.at.index - 1]);
            }
        }
        base::Result<std::vector<Entry>> answer = std::move(entries);
        if (answer->empty()) {
            answer = base::fail(base::Errc::kNotFound, "cut");
        }
        replica.fetched.push_back({fetch, std::move(answer)});
    }
}

// What a leader has applied is sent as a whole, and arrives or does not.
void Chaos::take_snapshot_from(ReplicaId leader, ReplicaId to) {
    ChaosReplica& from = replicas_.at(leader);
    const std::optional<std::uint64_t> term = from.core->log().term_at(from.applied);
    const auto found = replicas_.find(to);
    const bool arrives =
        term && found != replicas_.end() && found->second.core && (calm_ || rng_.below(3) != 0);
    const Position at{from.applied, term.value_or(0)};
    if (arrives) {
        step(to, OfferSnapshot{.from = leader,
                               .term = from.core->term(),
                               .meta = {.at = at, .membership = from.applied_membership}});
    }
    from.core->step(now(from), SnapshotSent{.to = to, .at = at, .delivered = arrives});
}

void Chaos::deliver() {
    if (net_.empty()) {
        return;
    }
    const std::size_t reach =
        calm_ ? 1 : std::min<std::size_t>(net_.size(), 1 + rng_.below(weather_.reach));
    const auto chosen = net_.begin() + static_cast<std::ptrdiff_t>(rng_.below(reach));
    Message m = *chosen;
    if (!one_of(weather_.one_doubled_of)) {
        net_.erase(chosen);
    }
    const bool lost = one_of(weather_.one_lost_of) || cut_.contains({m.from, m.to});
    const auto to = replicas_.find(m.to);
    if (!lost && to != replicas_.end()) {
        step(m.to, std::move(m));
    }
    while (net_.size() > 400) {
        net_.erase(net_.begin() + static_cast<std::ptrdiff_t>(rng_.below(net_.size())));
    }
}

void Chaos::storage_moves() {
    for (auto& [id, replica] : replicas_) {
        const bool idles = !calm_ && (replica.stalls || rng_.below(8) < weather_.disk_idles_of_8);
        if (!replica.core || idles) {
            continue;
        }
        if (!replica.disk.under_way.empty()) {
            const Persist done = std::move(replica.disk.under_way.front());
            replica.disk.under_way.pop_front();
            replica.disk.write(done);
            if (done.snapshot) {
                replica.applied = done.snapshot->at.index;
                replica.applied_membership = done.snapshot->membership;
            }
            const Position last =
                done.entries.empty() ? Position{} : done.entries.back().position();
            replica.answers.push_back({.sequence = done.sequence, .last = last});
        }
        if (!replica.fetched.empty()) {
            const auto which =
                replica.fetched.begin() +
                static_cast<std::ptrdiff_t>(calm_ ? 0 : rng_.below(replica.fetched.size()));
            Fetched answer = std::move(*which);
            replica.fetched.erase(which);
            step(id, std::move(answer));
            if (!replica.core) {
                continue;
            }
        }
        if (!replica.answers.empty() && (calm_ || rng_.below(2) == 0)) {
            const auto which =
                replica.answers.begin() +
                static_cast<std::ptrdiff_t>(calm_ ? 0 : rng_.below(replica.answers.size()));
            const Persisted answer = *which;
            replica.answers.erase(which);
            step(id, answer);
        }
    }
}

void Chaos::time_passes() {
    true_time_ += time::Duration(std::chrono::microseconds(rng_.below(weather_.time_step_us)));
    for (auto& [id, replica] : replicas_) {
        if (replica.core && replica.core->next_tick() <= now(replica)) {
            step(id, Tick{});
        }
    }
}

ReplicaId Chaos::any_up() {
    std::vector<ReplicaId> up;
    for (const auto& [id, replica] : replicas_) {
        if (replica.core) {
            up.push_back(id);
        }
    }
    return up.empty() ? kNobody : up[rng_.below(up.size())];
}

std::optional<ReplicaId> Chaos::a_leader() {
    std::vector<ReplicaId> leaders;
    for (const auto& [id, replica] : replicas_) {
        if (replica.core && replica.core->role() == Role::kLeader) {
            leaders.push_back(id);
        }
    }
    return leaders.empty() ? std::nullopt : std::optional(leaders[rng_.below(leaders.size())]);
}

void Chaos::happen() {
    const std::uint64_t what = rng_.below(1000);
    std::uint64_t share = 0;
    const auto is = [&](std::uint64_t of_1000) { return what < (share += of_1000); };
    if (is(200)) {
        storage_moves();
    } else if (is(120)) {
        time_passes();
    } else if (!calm_ && is(weather_.clients_of_1000)) {
        clients_move();
    } else if (!calm_ && is(weather_.members_of_1000)) {
        members_move();
    } else if (!calm_ && is(weather_.trouble_of_1000)) {
        trouble();
    } else {
        for (std::uint64_t n = rng_.below(weather_.burst); n < weather_.burst; ++n) {
            deliver();
        }
    }
}

// Nothing goes wrong any more; a group must recover from whatever state it is in.
void Chaos::calm() {
    calm_ = true;
    cut_.clear();
    for (auto& [id, replica] : replicas_) {
        if (!replica.core) {
            restart(id);
        }
        step(id, Wake{});
    }
    weather_.time_step_us = 20'000;
    std::optional<std::string> missing;
    for (at_step_ = 0; at_step_ < 40'000 && !violation_; ++at_step_) {
        happen();
        for (std::size_t n = 0; n < 100 && net_.size() > 40; ++n) {
            deliver();
        }
        if (at_step_ % 1000 == 999) {
            missing = what_is_missing();
            if (!missing) {
                return;
            }
        }
    }
    if (missing) {
        violated("liveness: " + *missing);
    }
}

std::optional<std::string> Chaos::run() {
    for (at_step_ = 0; at_step_ < plan_.steps && !violation_; ++at_step_) {
        happen();
    }
    if (!violation_) {
        calm();
    }
    return violation_;
}

}  // namespace distkv::raft
