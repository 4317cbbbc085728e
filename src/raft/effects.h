// What a core wants from its owner, and what it can be told.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "raft/entry.h"
#include "raft/membership.h"
#include "raft/message.h"
#include "time/hlc.h"

namespace distkv::raft {

// What a replica must never forget.
struct HardState {
    std::uint64_t term = 0;
    ReplicaId vote;
    std::uint64_t commit = 0;  // Covers every membership entry that has taken effect.
    time::Hlc ceiling;         // The highest that was acknowledged to a leader, or used as one.

    // Damage has destroyed entries up to this index, in this term, and they are not back yet: the
    // replica may have acknowledged them, and neither votes nor leads. {0, 0}: it is whole.
    Position repair;

    bool operator==(const HardState&) const = default;
};

// What a snapshot stands for: the state after `at`, and who belonged to the group there.
struct SnapshotMeta {
    Position at;
    Membership membership;

    bool operator==(const SnapshotMeta&) const = default;
};

// To be made durable as a whole, after every earlier one; or refused as a whole, together with
// every later one that was already handed over.
struct Persist {
    std::uint64_t sequence = 0;  // Counted from 1 by each core.
    std::optional<HardState> hard_state;

    // First of all, the log is thrown away and begins behind `at`. The owner has the state
    // of the snapshot that it offered, and makes it its own.
    std::optional<SnapshotMeta> snapshot;

    // entries.front().index and beyond is replaced.
    std::vector<Entry> entries;
};

// Whom entries that are no longer in memory are for.
struct Fetch {
    ReplicaId for_whom;  // A peer; this replica itself: to be applied.
    std::uint64_t term = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::size_t bytes_max = 0;  // At least one entry, however large.
};

// A ticket is the owner's name for something that it asked for.
struct Proposed {
    std::uint64_t ticket = 0;
    // The place of the first entry. It is committed if an entry with this index *and* term is
    // applied, lost if another one is. kRedirect: not the leader. kRetry: not now. kInvalid.
    base::Result<Position> at;
};
struct ReadReady {
    std::uint64_t ticket = 0;
    // What has been applied up to here answers the read. kRetry: ask again.
    base::Result<std::uint64_t> index;
};

struct Effects {
    std::vector<Message> send;     // At once. Promises are in here only when they are durable.
    std::vector<Persist> persist;  // In this order; answered by Persisted or PersistRefused.
    std::vector<Entry> apply;      // Committed, in order, each once; answered by Applied.
    std::vector<Fetch> fetch;      // Answered by Fetched.
    std::vector<Proposed> proposed;
    std::vector<ReadReady> reads;
    std::vector<ReplicaId> snapshots;  // To be sent to these; answered by SnapshotSent.

    [[nodiscard]] bool empty() const {
        return send.empty() && persist.empty() && apply.empty() && fetch.empty() &&
               proposed.empty() && reads.empty() && snapshots.empty();
    }
};

// ---- Inputs -----------------------------------------------------------------------------------

struct Tick {};

// Everything up to this sequence is durable. Term and index repeat what it said (0 without
// entries); an answer that does not fit what was asked is ignored.
struct Persisted {
    std::uint64_t sequence = 0;
    Position last{};
};
// This one and all later ones never happened; they will be asked for again.
struct PersistRefused {
    std::uint64_t sequence = 0;
};
struct Applied {
    std::uint64_t index = 0;
};
struct Fetched {
    Fetch what;
    base::Result<std::vector<Entry>> entries;
};
struct Propose {
    std::uint64_t ticket = 0;
    std::vector<Body> bodies;  // All of them, or none.
};
struct ProposeChange {
    std::uint64_t ticket = 0;
    Change change;
};
struct Transfer {
    std::uint64_t ticket = 0;  // `proposed` says whether it began; term is the one it began in.
    ReplicaId to;
};
struct Read {
    std::uint64_t ticket = 0;
    bool may_use_lease = true;
};
// The leader would like to stamp, read and expire up to here; ceiling() says how far it may.
struct WantCeiling {
    time::Hlc up_to;
};
// The owner holds a whole and verified snapshot that `from` sent in `term`.
struct OfferSnapshot {
    ReplicaId from;
    std::uint64_t term = 0;
    SnapshotMeta meta;
};
struct SnapshotSent {
    ReplicaId to;
    Position at;
    bool delivered = false;  // False: gave up; probe again.
};
// The owner has cut its log: entries up to here are gone. Not above what was applied.
struct Cut {
    std::uint64_t index = 0;
};
struct Campaign {};      // As if the election timer had run out. Promises are still kept.
struct ForgetLeader {};  // The owner knows that there is none. Promises are still kept.
struct Sleep {};         // The leader sends kSleep, if can_sleep().
struct Wake {};          // Whatever it slept for is over: timers run from now.

// A whole node answered another one. To a leader: `peer`'s node answered what was sent at
// `sent_at`, vouches for its sleeping replicas, and promised `lease`. To a sleeping follower: the
// leader's node was heard at `heard_at` and was promised `lease` from then on.
struct PeerContact {
    ReplicaId peer;
    time::MonoTime sent_at{};
    time::Duration lease{};
};
struct LeaderContact {
    time::MonoTime heard_at{};
    time::Duration lease{};
};

using Input = std::variant<Tick, Message, Persisted, PersistRefused, Applied, Fetched, Propose,
                           ProposeChange, Transfer, Read, WantCeiling, OfferSnapshot, SnapshotSent,
                           Cut, Campaign, ForgetLeader, Sleep, Wake, PeerContact, LeaderContact>;

}  // namespace distkv::raft
