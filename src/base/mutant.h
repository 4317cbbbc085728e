// Planted bugs. Each proves that some checker would notice: the mutants build switches one on by
// name (environment variable DISTKV_MUTANT) and a test shows the checker catching it. In every
// other build MUTANT(name) is the constant false and leaves no trace in the program.
//
// To plant one: add its name here, use it where the bug would be, and write the test that catches
// it (compiled with `#if DISTKV_MUTANTS`).
#pragma once

#include <string_view>

// name, what the bug would be
#define DISTKV_MUTANT_LIST(X)                                                                    \
    X(hlc_forgets_persist, "the HLC stamps before its ceiling is durable")                       \
    X(skew_guard_off, "stamps from any distance in the future are accepted")                     \
    X(wall_clock_leak, "a node looks at the machine's clock instead of its world's")             \
    X(cancel_leaks_timer, "a cancelled sleep leaves its timer behind")                           \
    X(offset_ignores_drift, "old clock-offset bounds are not widened by drift")                  \
    X(offset_keeps_first_lead, "where a peer's wall stands is learned once and for all")         \
    X(judge_minority_rules, "the clock judge accepts a quorum below the majority")               \
    X(leap_is_believed, "a leap of the own wall clock is stamped with at once")                  \
    X(receive_skips_merge, "receive() does not move past the sender's stamp")                    \
    X(log_skips_sync, "the shared log acknowledges what was not synced")                         \
    X(log_takes_damage_for_tail, "the shared log cuts at the first damaged block")               \
    X(history_ignores_real_time, "the linearizability checker forgets who returned before whom") \
    X(engine_skips_sync, "a flush of the memory engine answers without a sync")                  \
    X(engine_mark_outside_batch, "the applied index is written in a batch of its own")           \
    X(engine_loses_range, "a range delete misses the last key of its range")                     \
    X(crdt_last_arrival_wins, "a merge keeps what arrived last, not what is newest")             \
    X(crdt_drops_removal_early, "collection drops a removal before what it removed")             \
    X(crdt_echoes_amounts, "an increment ships what was merged from others as its own")          \
    X(collect_keeps_what_a_tombstone_hid, "a tombstone is collected before what it hides")       \
    X(crdt_reclaims_slice, "a reclaim takes what the dead region may still spend")               \
    X(crdt_forgets_hidden_siblings, "collection takes what hides a value in a living cell")      \
    X(raft_commits_prior_term_by_counting, "entries of earlier terms are committed by counting") \
    X(raft_acks_unverified_suffix, "a follower acknowledges and commits all of its log")         \
    X(raft_vote_not_persisted, "a vote leaves before it is durable, and never is")               \
    X(raft_read_id_reused, "a round of heartbeats is confirmed by answers of another term")      \
    X(raft_durable_by_index_only, "an answer of the storage counts for entries replaced since")  \
    X(raft_acks_before_sync, "an acknowledgement leaves before the entries are durable")         \
    X(raft_membership_without_rule, "a change is proposed while another is not in effect")       \
    X(raft_new_leader_ignores_ceiling, "a new leader stamps where an earlier one has read")      \
    X(raft_replay_regresses_membership, "a restarted replica goes back to an old membership")    \
    X(shard_counts_on_the_disk, "a core hears that a write is durable when it is handed over")   \
    X(shard_cuts_what_is_not_flushed, "the log is cut below what is applied, not flushed")       \
    X(shard_installs_without_intent, "a snapshot is installed without an intent in the log")     \
    X(shard_numbers_begin_anew, "a start numbers its questions like the one before")             \
    X(shard_closes_beyond_ceiling, "a sleeping group is closed where its next leader may stamp")

namespace distkv::base {

#if DISTKV_MUTANTS

enum class Mutant {
#define X(name, what) name,
    DISTKV_MUTANT_LIST(X)
#undef X
};

bool mutant_is_on(std::string_view marked_name);

// For tests: switches one planted bug on for as long as this object lives.
class PlantedBug {
public:
    explicit PlantedBug(std::string_view name);
    ~PlantedBug();
    PlantedBug(const PlantedBug&) = delete;
    PlantedBug& operator=(const PlantedBug&) = delete;
};

#define MUTANT(name)                                                                        \
    (static_cast<void>(::distkv::base::Mutant::name), ::distkv::base::mutant_is_on("mutant" \
                                                                                   ":" #name))

#else

#define MUTANT(name) false

#endif

}  // namespace distkv::base
