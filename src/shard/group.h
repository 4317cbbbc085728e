// One group's replica on this host, and what the host has to remember about it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/core.h"
#include "shard/frame.h"
#include "shard/machine.h"
#include "shard/pending.h"
#include "world/disk.h"
#include "world/network.h"
#include "world/scope.h"
#include "world/signal.h"

namespace distkv::shard {

// A snapshot that has come, as a file: to be installed, or being so.
struct Staged {
    std::string path;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    Mark mark;

    bool operator==(const Staged&) const = default;
};

// A snapshot that is on its way to us.
struct Incoming {
    world::Address from;
    SnapshotOffer offer;
    std::uint64_t have = 0;  // On the disk, or on the way there.
    std::map<std::uint64_t, base::Bytes> arrived;
    time::MonoTime offered{};       // Last.
    std::shared_ptr<void> counted;  // Among those of the host, while it lives.
};

// A snapshot of ours, for whoever needs one.
struct Outgoing {
    std::uint64_t transfer = 0;
    std::string path;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    Mark mark;
    std::shared_ptr<world::File> file;
    time::MonoTime wanted{};                               // Last.
    std::map<raft::ReplicaId, std::optional<bool>> taken;  // To whom; what they said.
    int offers = 0;                                        // Under way.
};

struct Proposal {
    raft::Body body;
    CallNumber call = 0;
};

// Another replica of a group that sleeps, and where.
struct Bedfellow {
    world::Address at;
    raft::ReplicaId replica;
};

struct Group {
    Group(world::Scheduler& scheduler, GroupId group_id, raft::Core the_core)
        : id(group_id),
          core(std::move(the_core)),
          machine_idle(scheduler),
          came(scheduler),
          tasks(scheduler) {}

    GroupId id;
    raft::ReplicaId replica;
    bool witness = false;    // For its whole life. It has no machine.
    std::uint64_t life = 0;  // Counted by the host: a group may go and come again.
    raft::Core core;
    std::unique_ptr<Machine> machine;

    std::size_t under_way = 0;  // Submissions to the log that are not yet answered.
    bool reopening = false;     // Damage was found; nothing moves until it has started anew.

    bool ready = false;                               // In the host's queue.
    time::MonoTime timer_at = time::MonoTime::max();  // The earliest in the host's timers.
    time::MonoTime active_at{};                       // Something was asked of it, or came.
    time::Timeouts timeouts;

    bool tells_damage = false;  // The first thing that it writes is what it has lost.

    // What is written behind the hard state, as it was last handed to the log. Nothing: that is
    // not known.
    std::optional<time::Hlc> ceiling_written;
    std::optional<raft::Position> repair_written;

    Mark applied;               // By the machine.
    std::uint64_t flushed = 0;  // Durable there.
    std::deque<raft::Entry> to_apply;
    time::MonoTime apply_again{};
    std::size_t unflushed_bytes = 0;  // Of entries applied since.
    std::size_t log_bytes = 0;        // Of entries behind the cut, about.
    bool machine_busy = false;        // Flushing, saving or loading.
    bool loading = false;             // Nothing is applied meanwhile.
    world::Signal machine_idle;

    std::vector<Proposal> proposals;  // Not yet told to the core.
    std::size_t proposals_bytes = 0;
    std::map<std::uint64_t, std::vector<CallNumber>> tickets;  // Of proposals told to the core.
    std::map<std::uint64_t, CallNumber> transfers;
    PendingProposals pending;
    std::set<CallNumber> reads_told;  // To the core, and not yet answered by it.
    PendingReads reads;

    bool asleep = false;
    time::MonoTime asleep_since{};
    std::uint64_t asleep_term = 0;
    bool asleep_leads = false;
    std::vector<Bedfellow> bedfellows;  // The leader alone, where it is another one.

    std::optional<Staged> staged;
    std::optional<Incoming> incoming;
    std::optional<Outgoing> outgoing;
    bool saving = false;
    world::Signal came;  // Something of a snapshot.

    world::Scope tasks;  // End first.
};

}  // namespace distkv::shard
