// The engine on RocksDB. One engine, one reactor, one database with one column family: a flush of
// it is one prefix of the batches. There is no write-ahead log in it: the log of the node is.
//
// What may wait (opening, flushing, prefetching, compacting) runs off the reactor; what runs on it
// looks at memory only (the memtables and the block cache) and never waits for a stall.
//
// After trouble in the background (no space, a failing disk), apply() and flush() answer kFull or
// kUnknown until a flush() succeeds: each tries again, nothing else does.
//
// Chosen settings, with figures: docs/decisions/0005-rocksdb-settings.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "storage/engine.h"
#include "world/task.h"
#include "world/world.h"

namespace distkv::storage_rocksdb {

struct RocksOptions {
    std::string directory;  // Absolute. Made if its parent is there.

    // Blocks of data, indexes and filters; nothing else of what is on the disk stays in memory.
    // A lookup can only succeed if its block fits, so it must hold a few of the largest values.
    std::size_t cache_bytes = std::size_t{256} << 20;

    // A memtable is written to the disk when it has grown to this; writes stall when
    // kMemtablesMax of them wait for that.
    std::size_t memtable_bytes = std::size_t{64} << 20;

    int background_threads = 2;  // For flushes and compactions; shared by the process's engines.
};

inline constexpr int kMemtablesMax = 4;
inline constexpr std::size_t kCacheBytesMin = 3 * base::limits::kValueBytesMax;

// Opens what is there, or begins a new database. kCorrupt: damaged; verify() says more. kInvalid:
// the options are wrong. kRetry: another process (or an engine not yet gone) has it open.
world::Task<base::Result<std::unique_ptr<storage::Engine>>> open(world::World& world,
                                                                 RocksOptions options);

// The rest reads a database that no engine has open, changes nothing, and blocks.

// What is wrong with it, one sentence each, naming the file; none: every checksum is right.
std::vector<std::string> verify(const std::string& directory);

// Every entry, in order of keys. kCorrupt: it ended at damage.
base::Result<void> for_each_entry(
    const std::string& directory,
    const std::function<void(base::ByteView key, base::ByteView value)>& each);

// What is in it, for people: files, levels, sizes, sequence numbers.
base::Result<std::string> describe(const std::string& directory);

}  // namespace distkv::storage_rocksdb
