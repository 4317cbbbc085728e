#include "raft_lab/lab.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::raft_lab {

using base::Result;
using raft::ReplicaId;

Lab::Lab() : rng_(1) {
    using namespace std::chrono_literals;
    options_.timeouts.heartbeat = 50ms;
    options_.timeouts.election_min = 150ms;
    options_.timeouts.election_max = 300ms;
    options_.lease_max = options_.timeouts.election_max;
}

std::vector<std::string> Lab::take_trace() {
    return std::exchange(trace_, {});
}

std::vector<std::string> Lab::describe() const {
    std::vector<std::string> lines;
    for (const auto& [id, replica] : replicas_) {
        lines.push_back(replica.core ? to_json(replica.core->status())
                                     : "{\"id\":" + to_string(id) + ",\"role\":\"down\"}");
    }
    return lines;
}

bool Lab::says_nothing(std::string_view line) {
    const Words words(line);
    return words.done() || words.peek().starts_with('#');
}

// ---- Who is meant -----------------------------------------------------------------------------

std::string Lab::names() const {
    std::string names;
    for (const auto& [id, replica] : replicas_) {
        names += (names.empty() ? "" : ", ") + name_of(id);
    }
    return names;
}

Result<Replica*> Lab::known(ReplicaId id) {
    if (replicas_.empty()) {
        return wrong("there are no cores yet", "a line above this one like 'cores 3'");
    }
    const auto found = replicas_.find(id);
    if (found == replicas_.end()) {
        return wrong("there is no core " + name_of(id), "one of " + names());
    }
    return &found->second;
}

Result<Replica*> Lab::up(ReplicaId id) {
    Replica* replica = TRY(known(id));
    if (!replica->core) {
        return wrong(name_of(id) + " is down",
                     replica->lost_disk ? "another core" : "'restart " + name_of(id) + "' first");
    }
    return replica;
}

Result<Replica*> Lab::next_up(Words& words, ReplicaId& id) {
    id = TRY(words.id());
    return up(id);
}

// ---- Life of a core ---------------------------------------------------------------------------

void Lab::start(ReplicaId id, const raft::Membership& membership) {
    replicas_[id].disk.base.membership = membership;
    boot(id);
    drain(id);
}

void Lab::boot(ReplicaId id) {
    Replica& replica = replicas_.at(id);
    raft::Start start = replica.disk.start();
    replica.applied = start.applied;
    raft::Options options = options_;
    options.id = id;
    replica.core.emplace(options, std::move(start), now_, base::Rng(rng_.next()));
    const raft::Core& core = *replica.core;
    replica.told = Told{.term = core.term(),
                        .vote = core.status().vote,
                        .commit = core.commit(),
                        .cut = core.log().cut(),
                        .terms = core.log().terms(),
                        .membership_index = core.membership_index()};
}

void Lab::step(ReplicaId id, raft::Input input) {
    replicas_.at(id).core->step(now_, std::move(input));
    drain(id);
}

void Lab::drain(ReplicaId id) {
    raft::Core& core = *replicas_.at(id).core;
    while (core.has_effects()) {
        raft::Effects effects = core.take_effects();
        tell_changes(id);
        obey(id, std::move(effects));
    }
}

// ---- What it wants ----------------------------------------------------------------------------

void Lab::obey(ReplicaId id, raft::Effects effects) {
    Replica& replica = replicas_.at(id);
    for (raft::Message& m : effects.send) {
        const ReplicaId to = m.to;
        send(id, to, Letter{.what = std::move(m)});
    }
    store(id, std::move(effects.persist));
    replica.to_apply.insert(replica.to_apply.end(), effects.apply.begin(), effects.apply.end());
    if (!replica.holds_apply) {
        apply_waiting(id);
    }
    for (const raft::Proposed& proposed : effects.proposed) {
        tell(id, "proposal " + std::to_string(proposed.ticket) +
                     (proposed.at ? " goes to " + text_of(*proposed.at)
                                  : " refused: " + to_string(proposed.at.error())));
    }
    for (const raft::ReadReady& ready : effects.reads) {
        take_read_ready(id, ready);
    }
    for (const ReplicaId to : effects.snapshots) {
        send_snapshot(id, to);
    }
    for (const raft::Fetch& fetch : effects.fetch) {
        tell(id, "reads entries from " + std::to_string(fetch.first) + " on from its disk, for " +
                     (fetch.for_whom == id ? "itself" : name_of(fetch.for_whom)));
        replica.core->step(now_, raft::Fetched{fetch, replica.disk.fetch(fetch)});
    }
}

void Lab::store(ReplicaId id, std::vector<raft::Persist> persists) {
    Replica& replica = replicas_.at(id);
    for (raft::Persist& persist : persists) {
        if (replica.holds_storage) {
            tell(id, "storage holds " + std::to_string(persist.sequence) + ": " + text_of(persist));
        }
        replica.disk.under_way.push_back(std::move(persist));
    }
    while (!replica.holds_storage && !replica.disk.under_way.empty()) {
        write_oldest(id);
    }
}

void Lab::write_oldest(ReplicaId id) {
    Replica& replica = replicas_.at(id);
    const bool is_snapshot = replica.disk.under_way.front().snapshot.has_value();
    const raft::Persisted answer = replica.disk.write_oldest();
    if (is_snapshot) {
        replica.applied = replica.disk.base.at.index;
        replica.to_apply.clear();
        tell(id, "takes over the state at " + text_of(replica.disk.base.at));
    }
    replica.core->step(now_, answer);
}

void Lab::apply_waiting(ReplicaId id) {
    Replica& replica = replicas_.at(id);
    if (!replica.to_apply.empty()) {
        for (const raft::Entry& entry : std::exchange(replica.to_apply, {})) {
            CHECK(entry.index == replica.applied + 1);
            replica.applied = entry.index;
            tell(id, "applies " + text_of(entry.position()) + " " + text_of(entry));
        }
        replica.core->step(now_, raft::Applied{replica.applied});
    }
    finish_reads(id);
}

// What has been applied is sent as a whole.
void Lab::send_snapshot(ReplicaId from, ReplicaId to) {
    Replica& replica = replicas_.at(from);
    const raft::Core& core = *replica.core;
    const std::uint64_t term = core.log().term_at(replica.applied).value_or(0);
    const raft::Position at{replica.applied, term};
    const raft::Membership& membership = *core.log().membership_at(at.index).membership;
    send(from, to, Letter{.what = Snapshot{.term = core.term(), .meta = {at, membership}}});
}

}  // namespace distkv::raft_lab
