// Collection of what no reader can need any more, a bounded step at a time.
//
// Of the versions of a cell that the limit covers only the newest is needed; and not even that one
// if it shows nothing and never will (crdt::garbage). What goes, goes by ordinary removals in a
// batch: so it works alike on every engine, a tombstone can never go before the version that it
// hides, and it is as crash-safe as any write. (RocksDB's compaction filters would spare the
// removals. They see one version at a time, in no order across levels, and cannot know the other
// cells of an element; docs/decisions/0009-versions.md.)
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/version_vector.h"
#include "storage/engine.h"
#include "storage/version_key.h"

namespace distkv::storage {

// Where a step begins. What stands beside the place is known from the steps before.
struct CollectFrom {
    base::Bytes at;
    std::size_t key_bytes = 0;  // Of `at`, that name the key; 0: it is the beginning of a key.
    bool covered_stay = false;  // Cells of this key that its header clears are still there.
};

struct CollectStep {
    Batch batch;                      // To be applied before the next step is made.
    std::optional<CollectFrom> next;  // None: the range is done.
    Range missing;                    // Not empty: bring this into memory first.
    std::vector<base::Bytes> keys;    // Prefixes of those that lost cells: forget them in caches.
    std::size_t versions_removed = 0;
    std::size_t rows_seen = 0;
};

// Until so many rows were seen, and to the end of an element. The range ends with `until` and lies
// inside one keyspace. One limit for all steps of one pass.
base::Result<CollectStep> collect(Engine& engine, const CollectFrom& from, base::ByteView until,
                                  const model::VersionVector& limit, std::size_t rows_max);

}  // namespace distkv::storage
