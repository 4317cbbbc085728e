// The engine that keeps everything in memory and what was flushed in two files on the world's disk:
// what the simulator uses, and small databases may.
//
//     <directory>/image          all entries at one sequence; replaced as a whole
//     <directory>/journal-<g>    the batches since image number g (0: since the beginning)
//     <directory>/image-<g>.new  an image that is being written
//
// flush() appends to the journal and syncs. When the journal has outgrown the image, or can no
// longer be trusted (a write or a sync failed, or was cancelled half-way; an earlier life of the
// program wrote it), it writes a new image instead and begins a new journal. Nothing becomes
// durable between flushes.
//
// At open a tail that was never acknowledged is cut; damage to what was acknowledged is kCorrupt,
// and the detail names file and offset (memory_journal.h tells how the two are told apart).
//
// It answers "would block" and stalls at random, if asked to, so that the paths of a disk that is
// slower than the program are tested in every simulated run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "storage/engine.h"
#include "storage_memory/memory_table.h"
#include "storage_memory/warm_ranges.h"
#include "world/disk.h"
#include "world/signal.h"
#include "world/world.h"

namespace distkv::storage_memory {

using storage::Cursor;
using storage::Engine;
using storage::EngineStats;
using storage::First;
using storage::Lookup;
using storage::Presence;
using storage::Range;
using storage::Sequence;
using storage::Snapshot;

struct MemoryEngineOptions {
    std::string directory = "engine";  // Below the world's data directory.

    // How often a lookup that nothing prefetched would block, and apply() stalls.
    std::uint32_t would_block_ppm = 0;
    std::uint32_t stall_ppm = 0;

    // A smaller journal is not worth an image.
    std::size_t journal_bytes_min = std::size_t{64} << 10;
};

class MemoryEngine : public Engine {
public:
    static world::Task<base::Result<std::unique_ptr<MemoryEngine>>> open(
        world::World& world, MemoryEngineOptions options);
    ~MemoryEngine() override;

    base::Result<Lookup> get(base::ByteView key, const Snapshot* at) override;
    base::Result<First> first(base::ByteView from, base::ByteView until) override;
    base::Result<std::unique_ptr<Cursor>> cursor(Range range, const Snapshot* at) override;
    std::unique_ptr<Snapshot> snapshot() override;
    world::Task<base::Result<void>> prefetch(std::vector<base::Bytes> keys,
                                             const Snapshot* at) override;
    world::Task<base::Result<void>> prefetch_range(Range range, std::size_t bytes_max,
                                                   const Snapshot* at) override;
    base::Result<Sequence> apply(const Batch& batch) override;
    world::Task<base::Result<void>> flush() override;
    [[nodiscard]] Sequence durable() const override { return {durable_}; }
    world::Task<base::Result<void>> compact(Range range) override;  // Writes a new image.
    // `directory` is below the world's data directory.
    world::Task<base::Result<void>> checkpoint(std::string directory) override;
    [[nodiscard]] EngineStats stats() const override;

    // For tests: versions that are kept, newest ones included.
    [[nodiscard]] std::size_t versions() const { return table_.versions(); }

private:
    friend class MemoryCursor;
    friend class MemoryEngineOpening;
    class Writing;

    struct Pending {
        std::uint64_t sequence;
        base::Bytes record;
    };

    MemoryEngine(world::World& world, MemoryEngineOptions options);

    [[nodiscard]] std::uint64_t sequence_of(const Snapshot* at) const;
    [[nodiscard]] bool would_block();
    [[nodiscard]] std::string path(const std::string& name) const;
    [[nodiscard]] std::string journal_path() const;

    world::Task<void> wait_until_idle();
    world::Task<base::Result<void>> append_to_journal();
    world::Task<base::Result<void>> append_and_sync(base::Bytes data);
    world::Task<base::Result<void>> begin_journal();
    world::Task<base::Result<void>> replace_image();
    world::Task<base::Result<std::uint64_t>> write_image(std::string file_path,
                                                         std::uint64_t generation);
    void now_durable(std::uint64_t sequence);

    world::World& world_;
    MemoryEngineOptions options_;
    base::Rng rng_;
    MemoryTable table_;
    WarmRanges warm_;
    std::deque<Pending> pending_;  // Applied and not durable, as journal records.
    std::size_t pending_bytes_ = 0;
    std::uint64_t durable_ = 0;

    std::uint64_t generation_ = 0;  // Of the image that counts.
    std::uint64_t generation_tried_ = 0;
    std::uint64_t image_bytes_ = 0;
    std::uint64_t images_written_ = 0;
    std::unique_ptr<world::File> journal_;  // None until the first flush after an image.
    std::uint64_t journal_bytes_ = 0;       // Those that are whole records.
    bool journal_trusted_ = true;

    bool writing_ = false;
    world::Signal idle_;
};

}  // namespace distkv::storage_memory
