// A group of raft::Core's on a bench: nothing happens but what a line of text asks for, and the
// same lines always give the same run. The lab is each core's owner (its storage, its state
// machine, its network); docs/raft-replay.md explains the language.
//
// Time is one for all cores and moves by `tick` alone. Storage answers and applying happen at once,
// unless they are held. Messages wait until they are delivered, or dropped.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "raft/core.h"
#include "raft/quorum_read.h"
#include "raft_lab/disk.h"
#include "raft_lab/letter.h"
#include "raft_lab/words.h"

namespace distkv::raft_lab {

inline constexpr std::size_t kLineBytesMax = 4096;
// What one line may cost. More letters under way than this, and the lab asks to have some of them
// delivered; more deliveries in one line, and it gives up.
inline constexpr std::size_t kLettersMax = 5000;
inline constexpr std::size_t kDeliveriesMax = 10'000;
inline constexpr std::uint64_t kTicksMax = 1000;
inline constexpr time::Duration kTick = std::chrono::milliseconds(10);

// What was last told about a core, so that only what has changed is told again.
struct Told {
    raft::Role role = raft::Role::kFollower;
    std::uint64_t term = 0;
    raft::ReplicaId vote;
    raft::ReplicaId leader;
    std::uint64_t commit = 0;
    raft::Position cut;
    std::vector<std::uint64_t> terms;
    std::uint64_t membership_index = 0;
    bool repairing = false;
    bool asleep = false;
    std::uint64_t ceiling = 0;
};

struct Reading {
    std::optional<std::uint64_t> index;      // To be applied first, when that is known.
    std::optional<raft::QuorumRead> quorum;  // Of a read that asks no leader.
};

struct Replica {
    Disk disk;
    std::optional<raft::Core> core;  // None: it is down.
    bool lost_disk = false;
    bool holds_storage = false;
    bool holds_apply = false;
    std::uint64_t applied = 0;
    std::deque<raft::Entry> to_apply;
    std::map<std::uint64_t, Reading> reads;  // By ticket.
    Told told;
};

class Lab {
public:
    Lab();

    // Does what one line says. The error says what was wrong and what would be right.
    base::Result<void> run(std::string_view line);

    // What happened since it was last asked, a line each.
    std::vector<std::string> take_trace();

    // One JSON object per core: raft::to_json(), or {"id":2,"role":"down"}.
    [[nodiscard]] std::vector<std::string> describe() const;

    // Blank, or nothing but a comment.
    static bool says_nothing(std::string_view line);

    static std::vector<std::string_view> verb_names();

private:
    using Done = base::Result<void>;
    struct Verb;
    static std::span<const Verb> verbs();

    // lab.cc: what a core wants, and gets
    void start(raft::ReplicaId id, const raft::Membership& membership);
    void boot(raft::ReplicaId id);
    void step(raft::ReplicaId id, raft::Input input);
    void drain(raft::ReplicaId id);
    void obey(raft::ReplicaId id, raft::Effects effects);
    void store(raft::ReplicaId id, std::vector<raft::Persist> persists);
    void write_oldest(raft::ReplicaId id);
    void apply_waiting(raft::ReplicaId id);
    void send_snapshot(raft::ReplicaId from, raft::ReplicaId to);
    base::Result<Replica*> up(raft::ReplicaId id);
    base::Result<Replica*> known(raft::ReplicaId id);
    base::Result<Replica*> next_up(Words& words, raft::ReplicaId& id);
    [[nodiscard]] std::string names() const;

    // told.cc: what is told about it
    void tell(std::string line);
    void tell(raft::ReplicaId id, const std::string& line);
    void tell_changes(raft::ReplicaId id);
    void tell_role(raft::ReplicaId id, const Told& now);
    void tell_log(raft::ReplicaId id, const Told& now);
    void tell_rest(raft::ReplicaId id, const Told& now);

    // group.cc: who is there
    Done cores(Words& words);
    Done voters(Words& words);
    Done set(Words& words);
    Done change(Words& words);
    Done begin(const raft::Membership& membership);

    // network.cc
    void send(raft::ReplicaId from, raft::ReplicaId to, Letter letter);
    void arrive(std::uint64_t number, bool keep);
    void arrive_at(raft::ReplicaId to, const Letter& letter);
    void lose(const Letter& letter);
    Done deliver(Words& words);
    Done copy(Words& words);
    Done drop(Words& words);
    Done deliver_all();
    Done partition(Words& words);
    Done cut(Words& words);
    Done heal(Words& words);
    Done mail(Words& words);
    base::Result<std::vector<std::uint64_t>> choose(Words& words, bool only_open);
    [[nodiscard]] std::optional<std::uint64_t> next_of_election() const;
    [[nodiscard]] bool is_cut(raft::ReplicaId from, raft::ReplicaId to) const;

    // crash.cc: storage and its troubles
    Done hold(Words& words);
    Done persist(Words& words);
    Done refuse(Words& words);
    Done release(Words& words);
    Done again(Words& words);
    Done hold_apply(Words& words);
    Done apply(Words& words);
    Done crash(Words& words);
    Done restart(Words& words);
    Done compact(Words& words);
    Done damage(Words& words);
    Done lose_disk(Words& words);

    // ask.cc: what clients and owners ask for
    Done tick(Words& words);
    Done wait(Words& words);
    Done run_for(Words& words);
    Done campaign(Words& words);
    Done elect(Words& words);
    Done propose(Words& words);
    Done transfer(Words& words);
    Done ceiling(Words& words);
    Done forget(Words& words);
    Done sleep(Words& words);
    Done wake(Words& words);
    Done contact(Words& words);

    // reading.cc
    Done read(Words& words);
    void begin_quorum_read(raft::ReplicaId id, std::uint64_t ticket);
    void take_quorum_say(raft::ReplicaId id, raft::ReplicaId from, const QuorumSay& say);
    void take_read_ready(raft::ReplicaId id, const raft::ReadReady& ready);
    void finish_reads(raft::ReplicaId id);

    raft::Options options_;
    base::Rng rng_;
    time::MonoTime now_{std::chrono::seconds(10)};
    std::map<raft::ReplicaId, Replica> replicas_;
    std::deque<Letter> net_;
    std::set<std::pair<raft::ReplicaId, raft::ReplicaId>> cut_;
    std::uint64_t next_letter_ = 1;
    std::uint64_t next_ticket_ = 1;
    std::vector<std::string> trace_;
    bool nested_ = false;  // What is told now follows from a letter that has just come.
};

}  // namespace distkv::raft_lab
