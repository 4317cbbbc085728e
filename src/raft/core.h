// Consensus for one group, as one replica sees it (Ongaro's Raft, with what the field has learnt
// since). Pure: no clock, no threads, no I/O; everything comes in through step() and goes out
// through take_effects().
//
//                    election timer            quorum of pre-votes         quorum of votes
//     follower ───────────────────► precandidate ─────────────► candidate ───────────────► leader
//        ▲                               │                          │                        │
//        └───────────────────────────────┴──────────────────────────┴────────────────────────┘
//          higher term; a leader of this term; no quorum heard for an election timeout; removed
//
// Three rules that others have broken, and where they are kept:
//   - An acknowledgement covers what the append covered, prev + length, and no more  (follow.cc).
//   - A follower commits no further than what is verified to match its leader        (follow.cc).
//   - No promise leaves before it is durable: core holds it back until the storage has answered, and
//     forgets it when the term has moved on meanwhile                                (persist.cc).
//
// A proposal is never forwarded: entries carry stamps, and only the leader may stamp. The owner
// redirects.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "raft/effects.h"
#include "raft/log.h"
#include "raft/progress.h"
#include "raft/status.h"
#include "time/drift.h"
#include "time/timeouts.h"

namespace distkv::raft {

struct Options {
    ReplicaId id;

    // heartbeat, election_min and election_max; from measured distance (time/timeouts.h). They may
    // change: set_timeouts().
    time::Timeouts timeouts;

    // Of any member's oscillator; leases are shortened by it.
    time::Drift drift = time::kServerDrift;

    // Followers promise a lease with every heartbeat, and reads may use it.
    bool leases = true;

    std::size_t message_bytes_max = std::size_t{1} << 20;      // Of entries; one entry may be more.
    std::size_t inflight_messages_max = 256;                   // To one follower.
    std::size_t inflight_bytes_max = std::size_t{8} << 20;     // To one follower.
    std::size_t uncommitted_bytes_max = std::size_t{64} << 20; // Then proposals are refused (kRetry).
    std::size_t apply_bytes_max = std::size_t{4} << 20;        // Handed out and not yet applied.
    std::size_t cache_bytes_max = std::size_t{4} << 20;        // Of entries that nobody waits for.
    std::size_t reads_max = 10'000;                            // Waiting; then kRetry.
};

// What a replica finds when it starts.
struct Start {
    HardState hard_state;
    Position cut;               // The last entry that is gone from the log; its state is in the store.
    Membership membership;      // As of `cut`, or of the creation of the group.
    std::vector<Entry> entries; // Behind `cut`. Those applied and not about membership may lack bodies.
    std::uint64_t applied = 0;  // By the store, durable; at least cut.index.

    // Entries that the disk has damaged. The replica must not vote or lead before it has them back.
    // (When the hard state itself is lost, there is no way back but a new id.)
    struct Damage {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    std::optional<Damage> damage;
};

class Core {
public:
    // A voter that restarts waits out one lease before it votes: it may have promised one.
    Core(Options options, Start start, time::MonoTime now, base::Rng rng);

    // The one door. `now` never goes back.
    void step(time::MonoTime now, Input input);

    [[nodiscard]] bool has_effects() const { return !effects_.empty(); }
    Effects take_effects();

    // When the next Tick would change something; a core that sleeps, never (MonoTime::max()).
    [[nodiscard]] time::MonoTime next_tick() const;

    void set_timeouts(const time::Timeouts& timeouts) { options_.timeouts = timeouts; }

    [[nodiscard]] Status status() const;
    [[nodiscard]] Role role() const { return role_; }
    [[nodiscard]] std::uint64_t term() const { return hard_state_.term; }
    [[nodiscard]] ReplicaId leader() const { return leader_; }
    [[nodiscard]] std::uint64_t commit() const { return hard_state_.commit; }
    [[nodiscard]] const Membership& membership() const { return membership_; }
    [[nodiscard]] const Log& log() const { return log_; }

    // Of a leader: nothing may be stamped, read or expired above this. Zero: nothing at all (yet).
    [[nodiscard]] time::Hlc ceiling() const;
    // And nothing stamped at or below this: an earlier leader may have read there.
    [[nodiscard]] time::Hlc stamp_floor() const { return stamp_floor_; }

    // Of a leader: until when reads may be answered without asking.
    [[nodiscard]] time::MonoTime lease_until() const;

    // Everything up to here is durable on this replica. What a reader without a leader needs from a
    // quorum: see quorum_read.h.
    [[nodiscard]] std::uint64_t durable_last() const { return durable_last_; }

    [[nodiscard]] bool is_repairing() const { return must_hold_.has_value(); }
    [[nodiscard]] bool is_asleep() const { return asleep_; }
    // A leader with nothing to do: everybody has everything and knows that it is committed.
    [[nodiscard]] bool can_sleep() const;

    // A witness must not cut its log beyond this: others may still need it from there.
    [[nodiscard]] std::uint64_t held_by_all() const { return held_by_all_; }

private:
    Options options_;
    HardState hard_state_;
    Membership membership_;  // In effect.
    Log log_;
    Role role_ = Role::kFollower;
    ReplicaId leader_;
    std::uint64_t durable_last_ = 0;
    std::uint64_t held_by_all_ = 0;
    time::Hlc stamp_floor_;
    bool asleep_ = false;
    std::optional<std::uint64_t> must_hold_;  // While repairing: what it may have acknowledged.
    Effects effects_;
};

}  // namespace distkv::raft
