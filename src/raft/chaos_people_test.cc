// What clients, members and misfortune do to the group; see chaos_test.h.
#include <algorithm>

#include "raft/chaos_test.h"

namespace distkv::raft {

void Chaos::clients_move() {
    const ReplicaId id = any_up();
    if (id == kNobody) {
        return;
    }
    ChaosReplica& replica = replicas_.at(id);
    const std::uint64_t ticket = next_ticket_++;
    switch (rng_.below(6)) {
        case 0:
        case 1:
            reads_[ticket] = {known_commit_};
            return step(id, Read{.ticket = ticket, .may_use_lease = rng_.below(2) == 0});
        case 2:
            if (replica.core->role() == Role::kLeader) {
                const time::Hlc here{static_cast<std::uint64_t>(true_time_.count()) +
                                     rng_.below(1'000'000'000)};
                step(id, WantCeiling{std::max(here, replica.core->stamp_floor())});
            }
            return;
        default:
            break;
    }
    if (const auto leader = a_leader()) {
        std::vector<Body> bodies;
        for (std::uint64_t n = rng_.below(3); n < 3; ++n) {
            bodies.emplace_back(base::Bytes(rng_.below(40), 'x'));
        }
        step(*leader, Propose{.ticket = ticket, .bodies = std::move(bodies)});
    }
}

void Chaos::change(ChaosReplica& leader) {
    const Membership& members = leader.core->membership();
    Change change;
    change.joint = rng_.below(3) == 0;
    change.auto_leave = rng_.below(4) != 0;
    std::optional<ReplicaId> born;
    for (std::uint64_t n = 1 + rng_.below(2); n > 0; --n) {
        const std::vector<ReplicaId> everyone = members.everyone();
        const ReplicaId old = everyone[rng_.below(everyone.size())];
        Member member{.id = old, .region = RegionLabel{rng_.below(3)}};
        switch (rng_.below(4)) {
            case 0:
                change.remove.push_back(old);
                break;
            case 1:
                change.add_learners.push_back(member);
                break;
            default:
                if (members.is_voter(old) && members.voters.size() < 5) {
                    born = member.id = ReplicaId{next_replica_++};
                    start(*born, members);
                }
                change.add_voters.push_back(member);
        }
    }
    if (members.is_joint()) {
        change = Change{.leave = true};
    }
    const auto id = std::ranges::find_if(
        replicas_, [&leader](const auto& entry) { return &entry.second == &leader; });
    ++changes_;
    step(id->first, ProposeChange{.ticket = next_ticket_++, .change = std::move(change)});
}

void Chaos::members_move() {
    const auto leader = a_leader();
    if (!leader) {
        return;
    }
    ChaosReplica& replica = replicas_.at(*leader);
    switch (rng_.below(4)) {
        case 0: {
            const std::vector<ReplicaId> everyone = replica.core->membership().everyone();
            return step(*leader, Transfer{.ticket = next_ticket_++,
                                          .to = everyone[rng_.below(everyone.size())]});
        }
        case 1:
            return step(any_up(), Campaign{});
        case 2:
            return step(*leader, Sleep{});
        default:
            return change(replica);
    }
}

// The state is flushed, and the log cut below it.
void Chaos::flush(ReplicaId id) {
    ChaosReplica& replica = replicas_.at(id);
    ChaosDisk& disk = replica.disk;
    const auto term = replica.core->log().term_at(replica.applied);
    const bool may = term && replica.applied > disk.base.at.index && replica.applied <= disk.last();
    if (!may) {
        return;
    }
    const std::uint64_t gone = replica.applied - disk.base.at.index;
    disk.entries.erase(disk.entries.begin(),
                       disk.entries.begin() + static_cast<std::ptrdiff_t>(gone));
    disk.base = {.at = {replica.applied, *term}, .membership = replica.applied_membership};
    step(id, Cut{replica.applied});
}

void Chaos::trouble() {
    // Half of the time it meets a leader: that is where most is to be lost.
    const ReplicaId id = rng_.below(2) == 0 ? any_up() : a_leader().value_or(any_up());
    const std::uint64_t all = 3 * weather_.crashes + 4 * weather_.cuts + weather_.flushes +
                              weather_.forgets + weather_.stalls + weather_.campaigns;
    std::uint64_t what = all == 0 ? 0 : rng_.below(all);
    const auto is = [&what](std::uint64_t weight) {
        const bool chosen = what < weight;
        what -= weight;  // Wraps around once it is chosen, and then chooses nothing more.
        return chosen;
    };
    if (is(weather_.crashes)) {
        if (id != kNobody) {
            crash(id);
            if (rng_.below(2) == 0) {
                restart(id);
            }
        }
    } else if (is(2 * weather_.crashes)) {
        const auto down = std::ranges::find_if(
            replicas_, [](const auto& replica) { return !replica.second.core; });
        if (down != replicas_.end()) {
            restart(down->first);
        }
    } else if (is(3 * weather_.cuts)) {
        cut_.clear();
    } else if (is(weather_.cuts)) {
        cut_off(id);
    } else if (is(weather_.stalls)) {
        for (auto& [other, replica] : replicas_) {
            replica.stalls = other == id;
        }
    } else if (is(weather_.campaigns)) {
        step(any_up(), Campaign{});
    } else if (id != kNobody && is(weather_.flushes)) {
        flush(id);
    } else if (id != kNobody) {
        step(id, ForgetLeader{});
    }
}

}  // namespace distkv::raft
