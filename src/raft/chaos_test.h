// A group whose network and disks do whatever is allowed, step by step and at random: messages
// arrive in any order, twice or never; answers of the storage arrive late, out of order, or are
// refusals; replicas crash at any moment and keep any prefix of what was not yet durable;
// members come and go. After every step the whole group is judged, from above.
//
// No time passes but in small steps, and each replica's clock runs at its own rate.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "raft/core.h"

namespace distkv::raft {

// What a replica's disk holds, and the writes that are under way.
struct ChaosDisk {
    HardState hard_state;
    SnapshotMeta base;           // What the state machine had when it was last flushed.
    std::vector<Entry> entries;  // Behind base.at.
    std::deque<Persist> under_way;
    std::optional<Start::Damage> damage;  // Told at every start, until it is written over.
    std::uint64_t owed = 0;               // Destroyed, perhaps acknowledged, not back yet.

    void write(const Persist& persist);
    [[nodiscard]] std::uint64_t last() const { return base.at.index + entries.size(); }
    [[nodiscard]] bool holds(Position at) const;
};

struct ChaosReplica {
    ChaosDisk disk;
    std::optional<Core> core;  // None: it is down.
    bool stalls = false;       // The disk does nothing, for now.
    std::uint64_t applied = 0;
    Membership applied_membership;
    time::MonoTime booted{};
    std::int64_t drift_ppm = 0;
    std::vector<Persisted> answers;  // Given by the disk, not yet heard.
    std::vector<Fetched> fetched;    // Likewise.
    std::uint64_t commit_seen = 0;
    std::uint64_t term_seen = 0;
};

struct ChaosPlan {
    std::uint64_t seed = 1;
    std::size_t steps = 5000;
};

// How a seed's world behaves. Every seed draws its own: bugs hide where some faults are frequent
// and others absent, and an average world never gets there.
struct ChaosWeather {
    explicit ChaosWeather(base::Rng& rng);

    std::uint64_t time_step_us;     // At most, at a time.
    std::uint64_t burst;            // Messages that arrive in one step, at most.
    std::uint64_t reach;            // How far a message may overtake.
    std::uint64_t one_lost_of;      // 0: none.
    std::uint64_t one_doubled_of;   // 0: none.
    std::uint64_t disk_idles_of_8;  // Of a disk's turns, so many do nothing.
    std::uint64_t one_refused_of;   // 0: none.
    std::uint64_t clients_of_1000;  // Shares of steps.
    std::uint64_t members_of_1000;
    std::uint64_t trouble_of_1000;
    std::uint64_t one_promise_crashes_of;  // Its replica, at once; 0: none.
    std::uint64_t one_new_leader_cut_of;   // 0: none.
    std::uint64_t one_damaged_of;          // Starts; 0: none.
    std::uint64_t crashes, cuts, flushes, forgets, stalls,
        campaigns;  // Weights of the kinds of trouble.
};

class Chaos {
public:
    explicit Chaos(const ChaosPlan& plan);

    // What was violated first, with the step; nothing when all went well.
    std::optional<std::string> run();

    [[nodiscard]] std::uint64_t committed() const { return agreed_.size(); }
    [[nodiscard]] std::uint64_t leaders() const { return leaders_.size(); }
    [[nodiscard]] std::uint64_t reads() const { return reads_done_; }
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

private:
    using Replicas = std::map<ReplicaId, ChaosReplica>;

    // chaos_test.cc: what happens
    void start(ReplicaId id, const Membership& membership);
    void restart(ReplicaId id);
    void crash(ReplicaId id);
    void damage(ReplicaId id);
    void happen();
    void deliver();
    void storage_moves();
    void time_passes();
    void cut_off(ReplicaId id);
    [[nodiscard]] bool one_of(std::uint64_t n) { return !calm_ && n > 0 && rng_.below(n) == 0; }
    void drain(ReplicaId id);
    void obey(ReplicaId id, Effects effects);
    void take_snapshot_from(ReplicaId leader, ReplicaId to);
    void calm();
    [[nodiscard]] time::MonoTime now(const ChaosReplica& replica) const;
    [[nodiscard]] ReplicaId any_up();
    [[nodiscard]] std::optional<ReplicaId> a_leader();
    void step(ReplicaId id, Input input);

    // chaos_people_test.cc: what is done to it
    void clients_move();
    void change(ChaosReplica& leader);
    void members_move();
    void flush(ReplicaId id);
    void trouble();

    // chaos_judge_test.cc: what must hold
    void judge(ReplicaId id);
    void judge_leader(ReplicaId id, const Core& core);
    void judge_commit(ReplicaId id, const Core& core);
    void judge_applied(const Entry& entry);
    void judge_read(ReplicaId id, const ReadReady& read);
    [[nodiscard]] bool lost_its_quorum() const;
    [[nodiscard]] std::optional<std::string> what_is_missing();
    void violated(std::string what);

    ChaosPlan plan_;
    base::Rng rng_;
    ChaosWeather weather_;
    Options options_;
    time::Duration true_time_{std::chrono::seconds(10)};
    Replicas replicas_;
    std::deque<Message> net_;
    std::set<std::pair<ReplicaId, ReplicaId>> cut_;
    std::uint64_t next_replica_ = 1;
    std::uint64_t next_ticket_ = 1;
    std::size_t at_step_ = 0;
    bool calm_ = false;
    std::optional<std::string> violation_;

    struct Wanted {
        std::uint64_t at_least = 0;
    };
    std::map<std::uint64_t, Wanted> reads_;
    std::vector<Position> agreed_;          // Committed, from index 1;
    std::vector<std::uint64_t> agreed_in_;  // and in which term they were.
    std::uint64_t known_commit_ = 0;
    std::map<std::uint64_t, ReplicaId> leaders_;       // By term.
    std::map<std::uint64_t, time::Hlc> ceiling_used_;  // By term.
    std::map<std::uint64_t, time::Hlc> floors_;        // By term.
    std::uint64_t reads_done_ = 0;
    std::uint64_t changes_ = 0;
};

}  // namespace distkv::raft
