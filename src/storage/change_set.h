// What one log entry does to the store: cells of keys, and what its evaluator counted about them.
// Made where a command is evaluated or a stream merged; everybody else applies it blindly.
//
//     byte    version, 1
//     varint  number of keys, then of each:
//       varint keyspace, varint slot, bytes key
//       byte   1: a summary follows, 2: the summary goes, 0: neither
//       bytes  summary, of 1
//       varint number of cells, then of each:
//         byte tag, bytes element, dot, bytes cell (crdt/cell.h)
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "crdt/merge.h"
#include "model/key_name.h"
#include "storage/engine.h"

namespace distkv::storage {

struct KeyChange {
    model::KeyName name;
    crdt::Effects effects;
    std::optional<crdt::Summary> summary;  // Where it changed. An empty one goes.

    bool operator==(const KeyChange&) const = default;
};

struct ChangeSet {
    std::vector<KeyChange> keys;

    bool operator==(const ChangeSet&) const = default;
};

base::Bytes encode_change_set(const ChangeSet& changes);
base::Result<ChangeSet> decode_change_set(base::ByteView bytes);  // Checks every cell.

// Merges the effects into what was loaded of the key, and says what changes in the store: cells
// that are not new there leave nothing. What a rule drops is added to `dropped`.
KeyChange merge_into(crdt::KeyState& state, const model::KeyName& name,
                     const crdt::Effects& effects, std::vector<crdt::Dropped>& dropped);

void add_to(Batch& batch, const KeyChange& change);
Batch to_batch(const ChangeSet& changes);

}  // namespace distkv::storage
