// Groups that have nothing to do, and the pulses by which whole hosts vouch for each other.
//
//     awake ── leader: nothing to do for sleep_after, all members' hosts heard ──► asleep
//       ▲                                                                            │
//       └── something is asked or comes; a host is silent; the lists do not agree ◄──┘
//
// A pulse says of all groups at once what heartbeats say of each. Where the two ends do not agree
// which those are (a message was lost, somebody woke), the follower's end lists what it has: what
// is on the list is vouched for, what is missing twice is woken, and what is too much is roused.
#include <algorithm>
#include <utility>

#include "base/mutant.h"
#include "shard/host.h"

namespace distkv::shard {

using world::Address;
using world::Task;

namespace {

// So many pulses fit into the shortest silence that makes anybody campaign.
constexpr int kPulsesPerElection = 4;

constexpr std::uint64_t kRenewEvery = 8;  // Pulses.
constexpr int kForgetAfter = 16;          // Pulses without an answer.
constexpr int kWorthTelling = 10;         // A change of a tenth of the shortest election timeout.

// An answer to a pulse of an earlier boot tells nothing.
constexpr time::Duration kRoundTripMax = 60s;

}  // namespace

Neighbour& Host::neighbour(Address address) {
    const auto [found, is_new] = neighbours_.try_emplace(address);
    Neighbour& there = found->second;
    if (is_new) {
        there.distance = services_.distance_to(address);
        there.timeouts = time::suggest_timeouts(there.distance);
        there.pulse_every = there.timeouts.election_min / kPulsesPerElection;
    }
    return there;
}

// Those of the member that is farthest away.
time::Timeouts Host::timeouts_of(const Group& group) {
    time::Timeouts farthest = time::suggest_timeouts({});
    for (const raft::ReplicaId id : group.core.membership().everyone()) {
        const auto where = services_.address_of(group.id, id);
        if (id == group.replica || !where) {
            continue;
        }
        const time::Timeouts& there = neighbour(*where).timeouts;
        if (there.election_min > farthest.election_min) {
            farthest = there;
        }
    }
    return farthest;
}

// ---- pulses

Task<void> Host::pulse_loop() {
    for (;;) {
        time::Duration shortest = time::suggest_timeouts({}).election_min / kPulsesPerElection;
        for (auto& [address, there] : neighbours_) {
            shortest = std::min(shortest, there.pulse_every);
        }
        co_await world_.sleep_for(shortest);
        heed_damage();
        for (auto& [address, there] : neighbours_) {
            const time::MonoTime now = world_.mono_now();
            if (now >= there.pulse_due) {
                there.pulse_due = now + there.pulse_every;
                send_pulse(address, there);
            }
            if (now - there.answered > kForgetAfter * there.pulse_every &&
                !there.round_trips.empty()) {
                there.round_trips.forget();  // What a silent neighbour was like, it need not be.
                renew_timeouts(there);
            }
            heed_silence(there);
        }
        flush_outboxes();
    }
}

void Host::send_pulse(Address to, Neighbour& there) {
    ++there.pulses;
    const std::uint64_t digest = there.led.digest();
    send(to, Pulse{.number = first_pulse_ + there.pulses,
                   .sent_at = world_.mono_now(),
                   .lease = options_.raft.leases ? there.timeouts.election_min : time::Duration{},
                   .digest = digest,
                   .closed = services_.close_time()});
}

void Host::take(Address from, Pulse& item) {
    Neighbour& there = neighbour(from);
    there.heard = world_.mono_now();
    const time::Duration lease =
        options_.raft.leases ? std::min(item.lease, options_.raft.lease_max) : time::Duration{};
    there.promised_until = std::max(there.promised_until, there.heard + lease);
    PulseAnswer answer{.number = item.number,
                       .sent_at = item.sent_at,
                       .lease = lease,
                       .matches = item.digest == there.followed.digest(),
                       .asleep = {}};
    if (answer.matches) {
        there.closed = std::max(there.closed, item.closed);
        there.closed_at = there.heard;
    } else {
        const auto& sleepers = there.followed.sleepers();
        answer.asleep.assign(sleepers.begin(), sleepers.end());
    }
    send(from, answer);
    flush(from, outbox(from, 0));
}

void Host::take(Address from, PulseAnswer& item) {
    const auto found = neighbours_.find(from);
    const time::Duration rtt = world_.mono_now() - item.sent_at;
    if (found == neighbours_.end() || rtt < time::Duration{} || rtt > kRoundTripMax ||
        item.number <= first_pulse_ || item.number > first_pulse_ + found->second.pulses) {
        return;
    }
    Neighbour& there = found->second;
    there.answered = world_.mono_now();
    there.round_trips.add(rtt);
    if (item.number % kRenewEvery == 0) {
        renew_timeouts(there);
    }
    if (!item.matches) {
        take_list(from, there, item);
        return;
    }
    there.missing.clear();
    if (item.sent_at > there.vouched_sent_at) {
        there.vouched_sent_at = item.sent_at;
        there.vouched_lease = item.lease;
    }
}

// Round trips are never quite the same; a thousand groups hear of it only when it matters.
void Host::renew_timeouts(Neighbour& there) {
    const time::Timeouts renewed = timeouts_for(there.distance, there.round_trips);
    const time::Duration change =
        std::chrono::abs(renewed.election_min - there.timeouts.election_min);
    if (change * kWorthTelling < there.timeouts.election_min) {
        return;
    }
    there.timeouts = renewed;
    for (auto& [id, group] : groups_) {
        const time::Timeouts timeouts = timeouts_of(*group);
        if (timeouts != group->timeouts) {
            group->timeouts = timeouts;
            group->core.set_timeouts(timeouts);
        }
    }
}

// The two ends do not agree.
void Host::take_list(Address from, Neighbour& there, const PulseAnswer& answer) {
    Rouse rouse;
    const std::set<Sleeper> listed(answer.asleep.begin(), answer.asleep.end());
    for (const Sleeper& sleeper : listed) {
        if (!there.led.sleepers().contains(sleeper)) {
            rouse.groups.push_back(sleeper.group);
            continue;
        }
        Group& group = *at(sleeper.group);
        there.missing.erase(sleeper.group);
        if (group.asleep_since >= answer.sent_at) {
            continue;
        }
        for (const Bedfellow& member : group.bedfellows) {
            if (member.at == from) {
                group.core.step(world_.mono_now(), raft::PeerContact{.peer = member.replica,
                                                                     .sent_at = answer.sent_at,
                                                                     .lease = answer.lease});
            }
        }
    }
    std::vector<Group*> missing_twice;
    for (const Sleeper& sleeper : there.led.sleepers()) {
        Group& group = *at(sleeper.group);
        if (listed.contains(sleeper) || group.asleep_since >= answer.sent_at) {
            continue;
        }
        const auto [since, first_time] = there.missing.try_emplace(sleeper.group, answer.number);
        if (!first_time && since->second != answer.number) {
            missing_twice.push_back(&group);
        }
    }
    for (Group* group : missing_twice) {
        there.missing.erase(group->id);
        world_.mark(world::Mark::kGroupWokenByList);
        wake(*group);
    }
    if (!rouse.groups.empty()) {
        send(from, rouse);
        flush(from, outbox(from, 0));
    }
}

void Host::take(Address from, Rouse& item) {
    for (const GroupId id : item.groups) {
        Group* group = at(id);
        if (group != nullptr && group->asleep && !group->asleep_leads &&
            group->bedfellows.front().at == from) {
            wake(*group);
        }
    }
}

// A host that has not been heard for as long as a leader may be silent vouches for nobody any more.
void Host::heed_silence(Neighbour& there) {
    const time::MonoTime now = world_.mono_now();
    const auto silent_since = [&](const std::set<Sleeper>& sleepers, time::MonoTime heard) {
        std::vector<Group*> alone;
        if (now - heard <= there.timeouts.election_min) {
            return alone;  // As always, and then there may be a thousand.
        }
        for (const Sleeper& sleeper : sleepers) {
            Group* group = at(sleeper.group);
            if (now - std::max(heard, group->asleep_since) > group->timeouts.election_min) {
                alone.push_back(group);
            }
        }
        return alone;
    };
    for (Group* group : silent_since(there.led.sleepers(), there.answered)) {
        world_.mark(world::Mark::kGroupWokenBySilence);
        wake(*group);
    }
    for (Group* group : silent_since(there.followed.sleepers(), there.heard)) {
        world_.mark(world::Mark::kGroupWokenBySilence);
        wake(*group);
    }
}

// A leader falls asleep with everything committed, and whoever sleeps under it has everything. It
// stamps nothing more up to what it has closed; nobody who leads after it stamps up to its ceiling.
time::Hlc Host::closed(GroupId id) const {
    const Group* group = find(id);
    if (group == nullptr || !group->asleep || group->asleep_leads || group->bedfellows.empty() ||
        group->applied.at.index < group->core.log().last_index()) {
        return {};
    }
    const Neighbour& there = neighbours_.at(group->bedfellows.front().at);
    if (MUTANT(shard_closes_beyond_ceiling)) {
        return there.closed;
    }
    return there.closed_at > group->asleep_since
               ? std::min(there.closed, group->core.slept_ceiling())
               : time::Hlc{};
}

// ---- one group

void Host::maybe_sleep(Group& group) {
    const time::MonoTime now = world_.mono_now();
    if (now - group.active_at < options_.sleep_after || !group.core.can_sleep() ||
        group.applied.at.index < group.core.commit()) {
        return;
    }
    for (const raft::ReplicaId id : group.core.membership().everyone()) {
        const auto where = services_.address_of(group.id, id);
        if (id == group.replica) {
            continue;
        }
        if (!where || now - neighbour(*where).answered > group.timeouts.election_min) {
            return;  // It would be woken at once.
        }
    }
    step(group, raft::Sleep{});
}

// After each pass: the core may have fallen asleep, or woken up.
void Host::note_sleep(Group& group) {
    const bool stayed = group.core.is_asleep() && group.asleep &&
                        group.asleep_term == group.core.term() &&
                        group.asleep_leads == (group.core.role() == raft::Role::kLeader);
    if (stayed || (!group.asleep && !group.core.is_asleep())) {
        return;
    }
    leave_dormitories(group);
    if (group.core.is_asleep()) {
        fall_asleep(group);
    }
}

void Host::leave_dormitories(Group& group) {
    if (!group.asleep) {
        return;
    }
    for (const Bedfellow& other : group.bedfellows) {
        Neighbour& there = neighbour(other.at);
        (group.asleep_leads ? there.led : there.followed).leave({group.id, group.asleep_term});
    }
    group.asleep = false;
    --sleeping_;
}

void Host::fall_asleep(Group& group) {
    group.asleep = true;
    ++sleeping_;
    world_.mark(world::Mark::kGroupSlept);
    group.asleep_since = world_.mono_now();
    group.asleep_term = group.core.term();
    group.asleep_leads = group.core.role() == raft::Role::kLeader;
    group.bedfellows.clear();
    const std::vector<raft::ReplicaId> others =
        group.asleep_leads ? group.core.membership().everyone()
                           : std::vector<raft::ReplicaId>{group.core.leader()};
    for (const raft::ReplicaId id : others) {
        const auto where = services_.address_of(group.id, id);
        const bool is_new = where && std::ranges::none_of(group.bedfellows, [&](const auto& other) {
                                return other.at == *where;
                            });
        if (id == group.replica || !is_new) {
            continue;
        }
        group.bedfellows.push_back({*where, id});
        Neighbour& there = neighbour(*where);
        (group.asleep_leads ? there.led : there.followed).enter({group.id, group.asleep_term});
    }
    if (!group.asleep_leads && group.bedfellows.empty()) {
        wake(group);  // Nobody knows where its leader is, so nobody would notice its silence.
    }
}

void Host::wake(Group& group) {
    step(group, raft::Wake{});
}

// What the node has heard, and promised, in the name of a group that sleeps; told before the group
// hears anything else. Only what came after it fell asleep, and only what counted for it.
void Host::tell_contacts(Group& group) {
    if (!group.asleep || !group.core.is_asleep()) {
        return;
    }
    const time::MonoTime now = world_.mono_now();
    for (const Bedfellow& other : group.bedfellows) {
        const Neighbour& there = neighbour(other.at);
        if (group.asleep_leads && there.vouched_sent_at > group.asleep_since) {
            group.core.step(now, raft::PeerContact{.peer = other.replica,
                                                   .sent_at = there.vouched_sent_at,
                                                   .lease = there.vouched_lease});
        }
        if (!group.asleep_leads && there.heard >= group.asleep_since) {
            group.core.step(now, raft::LeaderContact{.heard_at = there.heard,
                                                     .lease = there.promised_until - there.heard});
        }
    }
}

}  // namespace distkv::shard
