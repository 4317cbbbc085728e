// Logical checksums: what the keys of a range come to as of a vector, whatever engine holds them,
// whatever was collected or compacted. Replicas and regions compare these, never bytes on disk.
//
// The sum of the ranges of a cut is the sum of the whole, so that a difference is found by halving.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "crdt/key_state.h"
#include "model/key_name.h"
#include "model/version_vector.h"
#include "storage/engine.h"

namespace distkv::storage {

struct Checksum {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t keys = 0;  // Of which something lives.

    void add(const Checksum& other);
    bool operator==(const Checksum&) const = default;
};

// Of one key, all of whose cells are there.
Checksum checksum_of(const model::KeyName& name, const crdt::KeyState& state);

struct ChecksumStep {
    Checksum sum;                     // Of the keys before `next`.
    std::optional<base::Bytes> next;  // Where to go on; none: the range is done.
    Range missing;                    // Not empty: bring this into memory first.
};

// So many keys, at least one. `as_of` must be readable (threshold.h). Ask all steps of one sum with
// one snapshot: collection may go on meanwhile.
base::Result<ChecksumStep> checksum(Engine& engine, const Range& range,
                                    const model::VersionVector& as_of, const Snapshot* at,
                                    std::size_t keys_max);

}  // namespace distkv::storage
