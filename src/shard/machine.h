// What a group's entries are applied to: the state of one shard. The host calls it; it knows
// nothing of consensus.
//
// A machine may lose what it has not flushed, and says after a start how far it came; the log is
// cut only below that. So it needs no log of its own.
#pragma once

#include <span>

#include "base/result.h"
#include "raft/effects.h"
#include "raft/entry.h"
#include "raft/membership.h"
#include "world/task.h"

namespace distkv::shard {

// The last entry that a state contains, and who belonged to the group there. It is stored together
// with the state, in one piece.
using Mark = raft::SnapshotMeta;

// A replica that has just joined knows no members: no bytes.
base::Bytes encode_members(const raft::Membership& membership);
base::Result<raft::Membership> decode_members(base::ByteView bytes);

base::Bytes encode_mark(const Mark& mark);
base::Result<Mark> decode_mark(base::ByteView bytes);

// Where a whole state is written to, in pieces, and read from again.
class Sink {
public:
    Sink() = default;
    virtual ~Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    virtual world::Task<base::Result<void>> write(base::Bytes piece) = 0;
};

class Source {
public:
    Source() = default;
    virtual ~Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    // Nothing at the end; else at least one byte.
    virtual world::Task<base::Result<base::Bytes>> read(std::size_t bytes_max) = 0;
};

class Machine {
public:
    Machine() = default;
    virtual ~Machine() = default;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // What has survived; called once, before anything else. A machine that never was is empty, at
    // {0, 0}.
    virtual world::Task<base::Result<Mark>> open() = 0;

    // In order, each entry once. `after` holds for the last one. kRetry: nothing was applied, and
    // the same will be offered again a little later. Any other error ends the host.
    virtual base::Result<void> apply(std::span<const raft::Entry> entries, const Mark& after) = 0;

    // Makes what was applied before the call durable, and says how far that is. Entries may be
    // applied meanwhile.
    virtual world::Task<base::Result<Mark>> flush() = 0;

    // Writes the whole state as of the call, and says what it is. Entries may be applied meanwhile.
    virtual world::Task<base::Result<Mark>> save(Sink& sink) = 0;

    // Replaces everything. Durable when it returns; after a crash in its middle it is called again.
    // Nothing else is called meanwhile.
    virtual world::Task<base::Result<void>> load(Source& source, const Mark& mark) = 0;

    // Leaves nothing behind; may be called again after a crash.
    virtual world::Task<base::Result<void>> destroy() = 0;
};

}  // namespace distkv::shard
