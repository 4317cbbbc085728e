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
//   - No promise leaves before it is durable: core holds it back until the storage has answered,
//   and
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

    // Followers promise a lease with every heartbeat, and reads may use it. No promise is for
    // longer than lease_max, and a voter that restarts waits so long before it votes: it must not
    // shrink from one start to the next (timeouts, which are measured, do).
    bool leases = true;
    time::Duration lease_max = std::chrono::seconds(1);

    std::size_t message_bytes_max = std::size_t{1} << 20;   // Of entries; one entry may be more.
    std::size_t inflight_messages_max = 256;                // To one follower.
    std::size_t inflight_bytes_max = std::size_t{8} << 20;  // To one follower.
    std::size_t uncommitted_bytes_max = std::size_t{64}
                                        << 20;           // Then proposals are refused (kRetry).
    std::size_t apply_bytes_max = std::size_t{4} << 20;  // Handed out and not yet applied.
    std::size_t cache_bytes_max = std::size_t{4} << 20;  // Of entries that nobody waits for.
    std::size_t reads_max = 10'000;                      // Waiting; then kRetry.
    std::size_t persists_max = 64;                       // Not yet answered; the rest waits.

    // Until they are durable; more count as lost. A candidate holds one for each member.
    std::size_t held_messages_max = 4096;
};

// What a replica finds when it starts.
struct Start {
    HardState hard_state;
    Position cut;           // The last entry that is gone from the log; its state is in the store.
    Membership membership;  // As of `cut`, or of the creation of the group.
    std::vector<Entry>
        entries;  // Behind `cut`. Those applied and not about membership may lack bodies.
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

    // Something was stepped since they were last taken. (It may turn out to be nothing.)
    [[nodiscard]] bool has_effects() const { return touched_; }
    Effects take_effects();

    // When the next Tick would change something; a core that sleeps, never (MonoTime::max()).
    [[nodiscard]] time::MonoTime next_tick() const;

    // Whoever waits already, waits no longer than the new ones ask for.
    void set_timeouts(const time::Timeouts& timeouts);

    [[nodiscard]] Status status() const;
    [[nodiscard]] Role role() const { return role_; }
    [[nodiscard]] std::uint64_t term() const { return hard_state_.term; }
    [[nodiscard]] ReplicaId leader() const { return leader_; }
    [[nodiscard]] std::uint64_t commit() const { return hard_state_.commit; }
    [[nodiscard]] const Membership& membership() const { return membership_; }
    // Where the membership in effect was decided, or where the log was cut since.
    [[nodiscard]] std::uint64_t membership_index() const { return membership_index_; }
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

    // An offered snapshot that is not yet installed.
    [[nodiscard]] const std::optional<SnapshotMeta>& snapshot_pending() const { return snapshot_; }

    [[nodiscard]] bool is_repairing() const { return hard_state_.repair.index > 0; }
    [[nodiscard]] bool is_asleep() const { return asleep_; }
    // Of a follower that sleeps: no other leader will ever stamp at or below this.
    [[nodiscard]] time::Hlc slept_ceiling() const { return slept_ceiling_; }
    // A leader with nothing to do: everybody has everything and knows that it is committed.
    [[nodiscard]] bool can_sleep() const;

    // A witness must not cut its log beyond this: others may still need it from there.
    [[nodiscard]] std::uint64_t held_by_all() const { return held_by_all_; }

private:
    struct Flight {  // A Persist that has not been answered.
        std::uint64_t sequence = 0;
        Position said;           // As it went out.
        std::uint64_t last = 0;  // Of its entries, as far as none of them was replaced since.
        std::optional<HardState> hard_state;
        std::optional<SnapshotMeta> snapshot;
    };
    struct Held {  // A message that promises what this sequence makes durable.
        std::uint64_t sequence = 0;
        Message message;
    };
    struct PendingRead {
        std::uint64_t ticket = 0;   // Of our own owner,
        ReplicaId from;             // or of a follower,
        std::uint64_t context = 0;  // which calls it so.
        std::uint64_t read_id = 0;  // Confirmed by a quorum of answers to this or a later one.
        std::uint64_t index = 0;
    };
    struct FollowerRead {
        std::uint64_t ticket = 0;
        time::MonoTime gives_up{};
    };
    struct Transferring {
        ReplicaId to;
        time::MonoTime gives_up{};
    };
    struct Handed {  // To be applied.
        std::uint64_t last = 0;
        std::size_t bytes = 0;
    };

    // core.cc: the door
    void tick();
    void take(Message& m);
    void on(const Tick&) { tick(); }
    void on(Message& m) { take(m); }
    void on(const Persisted& answer);
    void on(const PersistRefused& answer);
    void on(const Applied& applied);
    void on(Fetched& fetched);
    void on(Propose& propose);
    void on(const ProposeChange& propose);
    void on(const Transfer& transfer);
    void on(const Read& read);
    void on(const WantCeiling& want);
    void on(const OfferSnapshot& offer);
    void on(const SnapshotSent& sent);
    void on(const Cut& cut);
    void on(const Campaign&);
    void on(const ForgetLeader&);
    void on(const Sleep&);
    void on(const Wake&);
    void on(const PeerContact& contact);
    void on(const LeaderContact& contact);
    void handle(Message& m);
    bool settle_terms(const Message& m);
    void refuse_old_term(const Message& m);
    [[nodiscard]] Message message(MessageKind kind, ReplicaId to) const;
    [[nodiscard]] Position committed() const;

    // persist.cc: what is durable, and what waits for it
    void send_now(Message m) { effects_.send.push_back(std::move(m)); }
    void send_when_durable(Message m);   // All that is known now.
    void send_when_promised(Message m);  // Term, vote and ceiling.
    void hold(std::uint64_t sequence, Message m);
    void release();
    void ask_for_persist();
    [[nodiscard]] bool is_dirty() const;
    [[nodiscard]] bool has_room() const { return flights_.size() < options_.persists_max; }
    [[nodiscard]] std::uint64_t next_sequence() const { return sequence_ + (is_dirty() ? 1 : 0); }
    void promise_changed() { promise_dirty_ = true; }
    Persist next_persist();
    void landed(Flight& flight);
    void after_landing();
    void truncate_log(std::uint64_t from);

    // apply.cc
    void hand_out();
    void hand_out(std::vector<Entry> entries);
    void take_fetched(Fetched& fetched);
    void commit_to(std::uint64_t index);
    void settle_membership();

    // elect.cc
    void become_follower(std::uint64_t term, ReplicaId leader);
    void become_leader();
    void campaign(bool forced);
    void begin_vote(Role role, bool forced);
    void take_vote_request(const Message& m);
    void take_vote_answer(const Message& m);
    void learn_commit(const Message& m);
    [[nodiscard]] bool awaits_membership() const;
    void fail_reads();
    [[nodiscard]] bool may_campaign() const;
    [[nodiscard]] bool is_bound_to_leader(const Message& m) const;
    [[nodiscard]] bool is_up_to_date(const Message& m) const;
    void wait_for_election();

    // follow.cc
    void heard_leader(const Message& m);
    void take_append(Message& m);
    void take_heartbeat(const Message& m);
    void acknowledge(const Message& m, std::uint64_t matched);
    void reject_append(const Message& m);
    void check_repaired();

    // replicate.cc
    void take_append_answer(const Message& m);
    void take_match(Progress& progress, std::uint64_t index);
    void take_heartbeat_answer(const Message& m);
    void send_appends();
    void send_appends(ReplicaId to, Progress& progress);
    bool send_append(ReplicaId to, Progress& progress);
    void send_append(ReplicaId to, Progress& progress, Position before, std::vector<Entry> entries);
    void tell_commit();
    void send_heartbeats();
    void send_heartbeat(ReplicaId to, Progress& progress, bool wants_answer);
    void append(EntryKind kind, Body body);
    void advance_commit();
    void take_lease(Progress& progress, time::MonoTime sent_at, time::Duration promised) const;
    [[nodiscard]] std::uint64_t match_of(ReplicaId id) const;
    void sync_progress();
    void check_quorum();

    // read.cc
    void begin_read(PendingRead read, bool may_use_lease);
    void confirm_reads();
    void ask_for_reads();
    void answer_read(const PendingRead& read);
    void refuse_read(const PendingRead& read, std::string why);
    void take_read_request(const Message& m);
    void take_read_answer(const Message& m);
    [[nodiscard]] bool has_committed_in_term() const;

    // change.cc
    [[nodiscard]] bool keeps_the_state(const Membership& next) const;
    void leave_joint();
    void removed_from_group();
    [[nodiscard]] base::Result<Position> change(const Change& change);
    [[nodiscard]] std::optional<base::Error> refusal() const;

    // transfer.cc
    base::Result<Position> begin_transfer(ReplicaId to);
    void continue_transfer();
    [[nodiscard]] ReplicaId better_leader() const;
    void prefer_priority();
    void take_transfer(const Message& m);

    // sleep.cc
    void wake();
    void take_sleep(const Message& m);

    Options options_;
    base::Rng rng_;
    time::MonoTime now_;

    HardState hard_state_;
    Membership membership_;               // In effect,
    std::uint64_t membership_index_ = 0;  // decided here.
    Log log_;
    Role role_ = Role::kFollower;
    ReplicaId leader_;

    std::uint64_t sequence_ = 0;  // Of the last Persist that went out.
    std::uint64_t durable_sequence_ = 0;
    std::uint64_t promise_sequence_ = 0;  // The last that carried a term, vote or ceiling.
    std::deque<Flight> flights_;
    std::deque<Held> held_;
    bool promise_dirty_ = false;
    bool commit_dirty_ = false;     // It covers a membership entry.
    std::uint64_t asked_last_ = 0;  // Entries up to here went out.
    std::uint64_t durable_last_ = 0;
    HardState durable_;
    std::optional<SnapshotMeta> snapshot_;  // To be installed; until that is durable.
    bool snapshot_asked_ = false;
    bool refused_ = false;  // The storage takes nothing at present.
    time::MonoTime persist_again_{};

    std::uint64_t applied_ = 0;
    std::uint64_t handed_ = 0;
    std::deque<Handed> handed_out_;
    std::size_t handed_bytes_ = 0;
    bool fetching_ = false;  // Entries to be applied.
    bool fetch_failed_ = false;
    time::MonoTime fetch_again_{};

    // Of followers and candidates.
    std::map<ReplicaId, bool> votes_;
    time::MonoTime election_due_{};
    time::MonoTime leaves_it_until_{};  // To others, which may reach whom this one does not.
    time::MonoTime promised_until_{};   // Votes for nobody else
    ReplicaId promised_to_;             // than this one before.
    std::optional<time::MonoTime> leader_heard_;
    std::uint64_t verified_ = 0;  // Matches the log of the leader of this term.
    std::map<std::uint64_t, FollowerRead> follower_reads_;
    std::uint64_t next_context_ = 0;
    bool forced_ = false;  // This candidacy was asked for by the leader.

    // Of leaders.
    std::map<ReplicaId, Progress> progress_;
    std::uint64_t term_start_ = 0;  // The first entry of the term.
    time::MonoTime led_since_{};
    time::MonoTime heartbeat_due_{};
    time::MonoTime check_due_{};
    std::deque<std::pair<std::uint64_t, std::size_t>> uncommitted_;
    std::size_t uncommitted_bytes_ = 0;
    std::uint64_t read_id_ = 0;
    std::deque<PendingRead> reads_;
    bool reads_unsent_ = false;
    std::optional<Transferring> transfer_;
    bool lease_given_up_ = false;
    mutable time::Hlc ceiling_used_;
    time::Hlc stamp_floor_;

    std::uint64_t held_by_all_ = 0;
    bool asleep_ = false;
    time::Hlc slept_ceiling_;
    bool touched_ = true;
    Effects effects_;
};

}  // namespace distkv::raft
