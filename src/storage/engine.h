// An ordered map from bytes to bytes that keeps what was flushed: what stands below the versioned
// store. Two implementations: RocksDB (storage_rocksdb), and memory (memory_engine.h), which the
// simulator uses; one conformance suite holds both to what is promised here.
//
//   * apply() is atomic, takes effect at once, and is durable after a flush: a crash goes back to
//     some prefix of the batches, at least to that of the last flush that was acknowledged. There
//     is no log of its own. Whoever needs to know which prefix it was writes a mark into each batch
//     (the applied log index) and reads it back after the start.
//   * Nothing called directly waits. What would need the disk answers "would block"; the caller
//     lets prefetch() bring it into memory, off the reactor, and asks again. It may have been
//     dropped again by then, so a caller asks in a loop with a bound.
//   * Keys are ordered as unsigned bytes. Any bytes are a key, none too.
//
// One engine belongs to one reactor. Snapshots and cursors must be gone before their engine.
//
// Errors: kRetry: writes are stalled, nothing happened, try again later; kFull: no space, nothing
// happened; kCorrupt: damaged on the disk, the detail names what; kUnknown from flush(): nothing is
// known about what is durable beyond durable().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "storage/batch.h"
#include "world/task.h"

namespace distkv::storage {

// Counts what was applied, from any start: a later batch has a greater one.
using Sequence = base::Id<struct SequenceTag>;

enum class Presence : std::uint8_t { kFound, kAbsent, kWouldBlock };

struct Lookup {
    Presence presence = Presence::kAbsent;
    base::Bytes value;
};

// The state at one moment, for as long as it lives.
class Snapshot {
public:
    Snapshot() = default;
    virtual ~Snapshot() = default;
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
};

// From `from` on, up to and without `until`; an empty `until` is the end of all keys.
struct Range {
    base::Bytes from;
    base::Bytes until;
};

// Walks a range, upwards, of one unchanging state. After kWouldBlock or an error it is where it
// was not: seek() again.
class Cursor {
public:
    enum class Place : std::uint8_t { kAtKey, kEnd, kWouldBlock };

    Cursor() = default;
    virtual ~Cursor() = default;
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;

    // To the first key that is not below `key`.
    virtual base::Result<Place> seek(base::ByteView key) = 0;
    virtual base::Result<Place> next() = 0;

    // Valid until the cursor moves.
    [[nodiscard]] virtual base::ByteView key() const = 0;
    [[nodiscard]] virtual base::ByteView value() const = 0;
};

// What first() found. The views are valid until the engine is called again.
struct First {
    Presence presence = Presence::kAbsent;
    base::ByteView key;
    base::ByteView value;
};

struct EngineStats {
    std::uint64_t keys_estimated = 0;
    std::uint64_t disk_bytes = 0;
    std::uint64_t memory_bytes = 0;  // Unflushed.
    std::uint64_t cache_bytes = 0;
    std::uint64_t compactions = 0;
};

class Engine {
public:
    Engine() = default;
    virtual ~Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // `at` null: the newest state.
    virtual base::Result<Lookup> get(base::ByteView key, const Snapshot* at) = 0;

    // The first entry of the range in the newest state: cheaper than a cursor that is asked once.
    // An empty `until` is not allowed.
    virtual base::Result<First> first(base::ByteView from, base::ByteView until) = 0;
    virtual base::Result<std::unique_ptr<Cursor>> cursor(Range range, const Snapshot* at) = 0;
    virtual std::unique_ptr<Snapshot> snapshot() = 0;

    // Bring into memory, as far as there is room, what get() of these keys, first() of the
    // range, or a cursor over the first `bytes_max` bytes of the range, will look at in the state
    // `at`; at least what it takes to come to the first key. (The state matters: an old version
    // lies elsewhere than the newest, and a cursor over an old state may have to pass any number of
    // newer keys.) The snapshot may go before the task ends.
    virtual world::Task<base::Result<void>> prefetch(std::vector<base::Bytes> keys,
                                                     const Snapshot* at) = 0;
    virtual world::Task<base::Result<void>> prefetch_range(Range range, std::size_t bytes_max,
                                                           const Snapshot* at) = 0;

    virtual base::Result<Sequence> apply(const Batch& batch) = 0;

    // Makes durable what was applied before the call.
    virtual world::Task<base::Result<void>> flush() = 0;

    // All batches up to this one are durable; grows also by itself. Cheap: ask once a pass.
    [[nodiscard]] virtual Sequence durable() const = 0;

    // Rewrites the range: what was removed gives its space back.
    virtual world::Task<base::Result<void>> compact(Range range) = 0;

    // A copy of the present state, durable, in a new directory that an engine of the same kind can
    // be opened on; cheap where files can be shared.
    virtual world::Task<base::Result<void>> checkpoint(std::string directory) = 0;

    [[nodiscard]] virtual EngineStats stats() const = 0;
};

}  // namespace distkv::storage
