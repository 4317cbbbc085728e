// What time, clients and owners ask of a core.
#include <algorithm>

#include "raft_lab/lab.h"

namespace distkv::raft_lab {

using raft::ReplicaId;

// Time passes for everybody; those that are named look at the clock.
Lab::Done Lab::tick(Words& words) {
    std::vector<ReplicaId> who;
    if (words.take("all")) {
        for (const auto& [id, replica] : replicas_) {
            who.push_back(id);
        }
    } else {
        ReplicaId id;
        static_cast<void>(TRY(next_up(words, id)));
        who.push_back(id);
    }
    const std::uint64_t times = TRY(words.number_or(1, {1, kTicksMax}));
    TRY(words.end());
    for (std::uint64_t n = 0; n < times && net_.size() <= kLettersMax; ++n) {
        now_ += kTick;
        for (const ReplicaId id : who) {
            if (replicas_.at(id).core) {
                step(id, raft::Tick{});
            }
        }
    }
    return {};
}

// Time passes, and nobody looks at the clock.
Lab::Done Lab::wait(Words& words) {
    const std::uint64_t times = TRY(words.number("how many ticks", {1, kTicksMax}));
    TRY(words.end());
    now_ += kTick * times;
    return {};
}

// Time passes for everybody, and no message takes longer than a tick.
Lab::Done Lab::run_for(Words& words) {
    const std::uint64_t times = TRY(words.number("how many ticks", {1, kTicksMax}));
    TRY(words.end());
    for (std::uint64_t n = 0; n < times; ++n) {
        now_ += kTick;
        for (auto& [id, replica] : replicas_) {
            if (replica.core) {
                step(id, raft::Tick{});
            }
        }
        TRY(deliver_all());
    }
    return {};
}

Lab::Done Lab::campaign(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    TRY(words.end());
    step(id, raft::Campaign{});
    return {};
}

// Makes it the leader if nothing stands against it: campaigns, and delivers what elections say.
// What it says as a leader waits.
Lab::Done Lab::elect(Words& words) {
    ReplicaId id;
    const Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    step(id, raft::Campaign{});
    while (const auto number = next_of_election()) {
        arrive(*number, false);
    }
    if (replica.core->role() != raft::Role::kLeader) {
        return wrong(name_of(id) + " was not elected",
                     "a voter with an up-to-date log that reaches a majority which follows nobody "
                     "else and has promised no lease (after 'wait 30'?)");
    }
    return {};
}

Lab::Done Lab::propose(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    const std::string_view text = words.rest();
    if (text.empty()) {
        return wrong("there is nothing to propose", "a text like x=1");
    }
    raft::Propose propose{.ticket = next_ticket_++, .bodies = {}};
    propose.bodies.emplace_back(base::Bytes(text));
    step(id, std::move(propose));
    return {};
}

Lab::Done Lab::transfer(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    const ReplicaId to = TRY(words.id());
    TRY(words.end());
    step(id, raft::Transfer{.ticket = next_ticket_++, .to = to});
    return {};
}

// Of stamps as plain numbers: the lab has no calendar.
Lab::Done Lab::ceiling(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    const std::uint64_t up_to = TRY(words.number("a stamp, 1 or more,", {1}));
    TRY(words.end());
    step(id, raft::WantCeiling{time::Hlc{up_to}});
    return {};
}

Lab::Done Lab::forget(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    TRY(words.end());
    step(id, raft::ForgetLeader{});
    return {};
}

Lab::Done Lab::sleep(Words& words) {
    ReplicaId id;
    const Replica& replica = *TRY(next_up(words, id));
    TRY(words.end());
    if (!replica.core->can_sleep()) {
        tell(id, "cannot sleep");
    }
    step(id, raft::Sleep{});
    return {};
}

Lab::Done Lab::wake(Words& words) {
    ReplicaId id;
    static_cast<void>(TRY(next_up(words, id)));
    TRY(words.end());
    step(id, raft::Wake{});
    return {};
}

// Their nodes have just talked, and the second has promised the first a lease.
Lab::Done Lab::contact(Words& words) {
    ReplicaId leader;
    static_cast<void>(TRY(next_up(words, leader)));
    ReplicaId follower;
    static_cast<void>(TRY(next_up(words, follower)));
    TRY(words.end());
    const time::Duration lease = options_.timeouts.election_min;
    step(follower, raft::LeaderContact{.heard_at = now_, .lease = lease});
    step(leader, raft::PeerContact{.peer = follower, .sent_at = now_, .lease = lease});
    return {};
}

}  // namespace distkv::raft_lab
