// A RocksDB database with our settings; internal to this module. Work that runs off the reactor
// shares it, so that it outlives an engine whose task was cancelled in between.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include "base/result.h"
#include "storage_rocksdb/rocks_engine.h"
#include "storage_rocksdb/watched_cache.h"

namespace distkv::storage_rocksdb {

// kFull for no space, kCorrupt, kRetry for a stall or a held lock, else kUnknown.
base::Error to_error(const rocksdb::Status& status);

// Our settings, with that block cache; `env` null is the machine's.
rocksdb::Options settings(const RocksOptions& options, std::shared_ptr<rocksdb::Cache> cache,
                          rocksdb::Env* env);
std::shared_ptr<rocksdb::Cache> make_cache(const RocksOptions& options);

// A damaged file can make a library throw where it parses text; what that says is kCorrupt.
template <class Work>
auto without_exceptions(Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::exception& thrown) {
        return base::fail(base::Errc::kCorrupt,
                          std::string("RocksDB could not read its files: ") + thrown.what());
    }
}

// Files of a database without the one that says which of them count: RocksDB would begin anew and
// delete them.
base::Result<void> check_current_is_there(const std::string& directory);

// Told by RocksDB's threads.
class Watcher : public rocksdb::EventListener {
public:
    void OnFlushCompleted(rocksdb::DB* db, const rocksdb::FlushJobInfo& info) override;
    void OnCompactionCompleted(rocksdb::DB* db, const rocksdb::CompactionJobInfo& info) override;
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                              bool* auto_recovery) override;

    // All up to here is durable.
    void raise_durable(std::uint64_t sequence);
    [[nodiscard]] std::uint64_t durable() const { return durable_.load(); }
    [[nodiscard]] std::uint64_t compactions() const { return compactions_.load(); }

    // What the background work failed with and has not recovered from.
    [[nodiscard]] std::optional<base::Error> trouble() const;
    void clear_trouble();

private:
    std::atomic<std::uint64_t> durable_ = 0;
    std::atomic<std::uint64_t> compactions_ = 0;
    std::atomic<bool> troubled_ = false;  // So that the usual case takes no lock.
    mutable std::mutex mutex_;
    std::optional<base::Error> trouble_;
};

// The pointers are constant, the database behind them is not; it does its own locking.
class Store {
public:
    // Blocks.
    static base::Result<std::shared_ptr<const Store>> open(const RocksOptions& options,
                                                           rocksdb::Env* env);
    Store(std::unique_ptr<rocksdb::DB> db, std::shared_ptr<Watcher> watcher,
          std::shared_ptr<WatchedCache> cache)
        : cache_(std::move(cache)), watcher_(std::move(watcher)), db_(std::move(db)) {}
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    [[nodiscard]] rocksdb::DB& db() const { return *db_; }
    [[nodiscard]] Watcher& watcher() const { return *watcher_; }
    [[nodiscard]] WatchedCache& cache() const { return *cache_; }

    // Each blocks.
    [[nodiscard]] base::Result<void> flush(std::uint64_t applied) const;
    [[nodiscard]] base::Result<void> compact(const storage::Range& range) const;
    [[nodiscard]] base::Result<void> checkpoint(const std::string& directory) const;

private:
    std::shared_ptr<WatchedCache> cache_;
    std::shared_ptr<Watcher> watcher_;
    std::unique_ptr<rocksdb::DB> db_;
};

using StoreRef = std::shared_ptr<const Store>;

// For tests, which bring an Env that fails.
world::Task<base::Result<std::unique_ptr<storage::Engine>>> open_on(world::World& world,
                                                                    RocksOptions options,
                                                                    rocksdb::Env* env);

}  // namespace distkv::storage_rocksdb
