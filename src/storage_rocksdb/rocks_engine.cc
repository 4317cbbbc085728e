#include "storage_rocksdb/rocks_engine.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/mutant.h"
#include "storage_rocksdb/rocks_store.h"
#include "world/off_reactor.h"

namespace distkv::storage_rocksdb {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using storage::Batch;
using storage::Lookup;
using storage::Presence;
using storage::Range;
using storage::Snapshot;
using world::Task;

namespace {

// A state of the database, held for those who look at it, on the reactor and off it.
class State {
public:
    explicit State(StoreRef store) : store_(std::move(store)), at_(store_->db().GetSnapshot()) {}
    ~State() { store_->db().ReleaseSnapshot(at_); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    [[nodiscard]] const Store& store() const { return *store_; }
    [[nodiscard]] const rocksdb::Snapshot* at() const { return at_; }

private:
    StoreRef store_;
    const rocksdb::Snapshot* at_;
};
using StateRef = std::shared_ptr<const State>;

class RocksSnapshot : public Snapshot {
public:
    explicit RocksSnapshot(const StoreRef& store) : state(std::make_shared<const State>(store)) {}

    StateRef state;
};

rocksdb::ReadOptions from_memory(const rocksdb::Snapshot* at) {
    rocksdb::ReadOptions how;
    how.read_tier = rocksdb::kBlockCacheTier;
    how.snapshot = at;
    return how;
}

class RocksCursor : public storage::Cursor {
public:
    RocksCursor(StateRef state, Range range)
        : state_(std::move(state)), range_(std::move(range)), until_(range_.until) {}

    Result<Place> seek(ByteView key) override {
        const std::uint64_t misses = cache().misses();
        if (!walk_) {
            rocksdb::ReadOptions how = from_memory(state_->at());
            how.iterate_upper_bound = range_.until.empty() ? nullptr : &until_;
            walk_.reset(state_->store().db().NewIterator(how));
        }
        const ByteView from = std::max(key, ByteView(range_.from));
        walk_->Seek(rocksdb::Slice(from.data(), from.size()));
        return place(misses);
    }
    Result<Place> next() override {
        CHECK(at_key());
        const std::uint64_t misses = cache().misses();
        walk_->Next();
        return place(misses);
    }
    [[nodiscard]] ByteView key() const override {
        CHECK(at_key());
        return {walk_->key().data(), walk_->key().size()};
    }
    [[nodiscard]] ByteView value() const override {
        CHECK(at_key());
        return {walk_->value().data(), walk_->value().size()};
    }

private:
    [[nodiscard]] bool at_key() const { return walk_ && walk_->Valid(); }

    [[nodiscard]] const WatchedCache& cache() const { return state_->store().cache(); }

    // See WatchedCache for why a miss overrules what the iterator says.
    Result<Place> place(std::uint64_t misses_before) {
        const rocksdb::Status status = walk_->status();
        if (status.IsIncomplete() || cache().misses() != misses_before) {
            // An iterator that found no index in memory keeps that error for ever.
            walk_.reset();
            return Place::kWouldBlock;
        }
        if (!status.ok()) {
            walk_.reset();
            return std::unexpected(to_error(status));
        }
        return walk_->Valid() ? Place::kAtKey : Place::kEnd;
    }

    StateRef state_;
    Range range_;
    rocksdb::Slice until_;
    std::unique_ptr<rocksdb::Iterator> walk_;
};

Result<void> read_keys(const Store& store, const std::vector<Bytes>& keys, const State* state) {
    rocksdb::ReadOptions how;
    how.snapshot = state == nullptr ? nullptr : state->at();
    rocksdb::PinnableSlice value;
    for (const Bytes& key : keys) {
        value.Reset();
        const rocksdb::Status status =
            store.db().Get(how, store.db().DefaultColumnFamily(), key, &value);
        if (!status.ok() && !status.IsNotFound()) {
            return std::unexpected(to_error(status));
        }
    }
    return {};
}

// Beyond the end of the range too, up to the next key: first() comes to it.
Result<void> read_range(const State& state, const Range& range, std::size_t bytes_max) {
    rocksdb::ReadOptions how;
    how.snapshot = state.at();
    const std::unique_ptr<rocksdb::Iterator> walk(state.store().db().NewIterator(how));
    std::size_t bytes = 0;
    for (walk->Seek(range.from); walk->Valid(); walk->Next()) {
        bytes += walk->key().size() + walk->value().size();
        const bool beyond = !range.until.empty() && walk->key().compare(range.until) >= 0;
        if (beyond || bytes >= bytes_max) {
            return {};
        }
    }
    return walk->status().ok() ? Result<void>()
                               : Result<void>(std::unexpected(to_error(walk->status())));
}

rocksdb::Status remove_range(const Batch::Change& change, rocksdb::WriteBatch& out) {
    rocksdb::Slice until(change.value);
    if (MUTANT(engine_loses_range) && !until.empty()) {
        until.remove_suffix(1);
    }
    // RocksDB takes a range that ends before it begins for an error.
    return rocksdb::Slice(change.key).compare(until) < 0 ? out.DeleteRange(change.key, until)
                                                         : rocksdb::Status();
}

rocksdb::Status translate(const Batch& batch, rocksdb::WriteBatch& out) {
    rocksdb::Status status;
    for (const Batch::Change& change : batch.changes()) {
        switch (change.kind) {
            case Batch::Kind::kPut:
                status = out.Put(change.key, change.value);
                break;
            case Batch::Kind::kRemove:
                status = out.Delete(change.key);
                break;
            case Batch::Kind::kRemoveRange:
                status = remove_range(change, out);
                break;
        }
        if (!status.ok()) {
            return status;
        }
    }
    return status;
}

class RocksEngine : public storage::Engine {
public:
    RocksEngine(world::World& world, StoreRef store)
        : world_(world),
          store_(std::move(store)),
          applied_(store_->db().GetLatestSequenceNumber()) {
        store_->cache().watch_this_thread();
    }

    Result<Lookup> get(ByteView key, const Snapshot* at) override {
        Lookup found;
        rocksdb::DB& db = store_->db();
        lookup_.snapshot = at == nullptr ? nullptr : state_of(*at)->at();
        const rocksdb::Status status = db.Get(lookup_, db.DefaultColumnFamily(),
                                              rocksdb::Slice(key.data(), key.size()), &found.value);
        if (status.ok()) {
            found.presence = Presence::kFound;
        } else if (status.IsIncomplete()) {
            found.presence = Presence::kWouldBlock;
        } else if (!status.IsNotFound()) {
            return std::unexpected(to_error(status));
        }
        return found;
    }

    Result<storage::First> first(ByteView from, ByteView until) override {
        const rocksdb::Status status = find_first(from);
        if (status.IsIncomplete()) {
            return storage::First{.presence = Presence::kWouldBlock};
        }
        if (!status.ok()) {
            return std::unexpected(to_error(status));
        }
        if (!walk_->Valid()) {
            return storage::First{};
        }
        const ByteView key(walk_->key().data(), walk_->key().size());
        if (key >= until) {
            return storage::First{};
        }
        return storage::First{Presence::kFound, key,
                              ByteView(walk_->value().data(), walk_->value().size())};
    }

    Result<std::unique_ptr<storage::Cursor>> cursor(Range range, const Snapshot* at) override {
        return std::make_unique<RocksCursor>(state_at(at), std::move(range));
    }

    std::unique_ptr<Snapshot> snapshot() override {
        return std::make_unique<RocksSnapshot>(store_);
    }

    Task<Result<void>> prefetch(std::vector<Bytes> keys, const Snapshot* at) override {
        co_return co_await world::off_reactor(world_,
                                              [store = store_, keys = std::move(keys),
                                               state = at == nullptr ? StateRef() : state_of(*at)] {
                                                  return read_keys(*store, keys, state.get());
                                              });
    }

    Task<Result<void>> prefetch_range(Range range, std::size_t bytes_max,
                                      const Snapshot* at) override {
        co_return co_await world::off_reactor(
            world_, [state = state_at(at), range = std::move(range), bytes_max] {
                return read_range(*state, range, bytes_max);
            });
    }

    Result<storage::Sequence> apply(const Batch& batch) override {
        rocksdb::WriteBatch translated(batch.bytes() + batch.changes().size() * kChangeBytes);
        rocksdb::Status status = translate(batch, translated);
        if (status.ok()) {
            rocksdb::WriteOptions how;
            how.disableWAL = true;
            how.no_slowdown = true;
            status = store_->db().Write(how, &translated);
        }
        if (!status.ok()) {
            return std::unexpected(refusal(status));
        }
        applied_ = store_->db().GetLatestSequenceNumber();
        return storage::Sequence{applied_};
    }

    Task<Result<void>> flush() override {
        walk_.reset();  // It would keep memtables and files alive for as long as nobody reads.
        co_return co_await world::off_reactor(
            world_, [store = store_, applied = applied_] { return store->flush(applied); });
    }

    [[nodiscard]] storage::Sequence durable() const override {
        return {store_->watcher().durable()};
    }

    Task<Result<void>> compact(Range range) override {
        walk_.reset();
        co_return co_await world::off_reactor(
            world_, [store = store_, range = std::move(range)] { return store->compact(range); });
    }

    Task<Result<void>> checkpoint(std::string directory) override {
        co_return co_await world::off_reactor(world_,
                                              [store = store_, directory = std::move(directory)] {
                                                  return store->checkpoint(directory);
                                              });
    }

    [[nodiscard]] storage::EngineStats stats() const override {
        using Properties = rocksdb::DB::Properties;
        return {.keys_estimated = property(Properties::kEstimateNumKeys),
                .disk_bytes = property(Properties::kTotalSstFilesSize),
                .memory_bytes = property(Properties::kCurSizeAllMemTables),
                .cache_bytes = store_->cache().GetUsage(),
                .compactions = store_->watcher().compactions()};
    }

private:
    static constexpr std::size_t kChangeBytes = 12;  // Kind and lengths in a WriteBatch.

    // An iterator that is kept: to make one costs more than to seek with it.
    rocksdb::Status find_first(ByteView from) {
        if (!walk_) {
            walk_.reset(store_->db().NewIterator(from_memory(nullptr)));
        } else if (const rocksdb::Status fresh = walk_->Refresh(); !fresh.ok()) {
            walk_.reset();
            return fresh;
        }
        const std::uint64_t misses = store_->cache().misses();
        walk_->Seek(rocksdb::Slice(from.data(), from.size()));
        rocksdb::Status status = walk_->status();
        if (status.ok() && store_->cache().misses() != misses) {
            status = rocksdb::Status::Incomplete();  // See WatchedCache.
        }
        if (!status.ok()) {
            walk_.reset();  // An iterator that found no index in memory keeps that error for ever.
        }
        return status;
    }

    static const StateRef& state_of(const Snapshot& at) {
        return static_cast<const RocksSnapshot&>(at).state;
    }
    [[nodiscard]] StateRef state_at(const Snapshot* at) const {
        return at == nullptr ? std::make_shared<const State>(store_) : state_of(*at);
    }

    // A stall while the background work is in trouble will not pass by itself.
    [[nodiscard]] base::Error refusal(const rocksdb::Status& status) const {
        base::Error error = to_error(status);
        if (auto trouble = store_->watcher().trouble();
            trouble && (error.code == Errc::kRetry || error.code == Errc::kUnknown)) {
            return std::move(*trouble);
        }
        return error;
    }

    [[nodiscard]] std::uint64_t property(const std::string& name) const {
        std::uint64_t value = 0;
        return store_->db().GetIntProperty(name, &value) ? value : 0;
    }

    world::World& world_;
    StoreRef store_;
    std::uint64_t applied_;
    std::unique_ptr<rocksdb::Iterator> walk_;             // Goes before the store does.
    rocksdb::ReadOptions lookup_ = from_memory(nullptr);  // Costs more to make than to keep.
};

Result<void> check(const RocksOptions& options) {
    if (!std::filesystem::path(options.directory).is_absolute()) {
        return fail(Errc::kInvalid,
                    "the directory \"" + options.directory + "\" is not an absolute path");
    }
    if (options.cache_bytes < kCacheBytesMin) {
        return fail(Errc::kInvalid, "a cache of " + std::to_string(options.cache_bytes) +
                                        " bytes; at least " + std::to_string(kCacheBytesMin) +
                                        " are needed for values of the largest size");
    }
    if (options.memtable_bytes < (std::size_t{64} << 10) || options.background_threads < 1) {
        return fail(Errc::kInvalid,
                    "memtables need at least 64 KiB, and the background at least one thread");
    }
    return {};
}

}  // namespace

Task<Result<std::unique_ptr<storage::Engine>>> open_on(world::World& world, RocksOptions options,
                                                       rocksdb::Env* env) {
    CO_TRY(check(options));
    auto store = CO_TRY(co_await world::off_reactor(world, [options = std::move(options), env] {
        return without_exceptions([&] { return Store::open(options, env); });
    }));
    co_return std::make_unique<RocksEngine>(world, std::move(store));
}

Task<Result<std::unique_ptr<storage::Engine>>> open(world::World& world, RocksOptions options) {
    co_return co_await open_on(world, std::move(options), nullptr);
}

}  // namespace distkv::storage_rocksdb
