// A block cache that counts what one thread looked for and did not find; internal to this module.
//
// Why: in RocksDB 7.8 an iterator over files with range deletions may step over a file that it
// could not read, and say that all is well (fixed upstream in 8.6). To a reading that may touch
// memory only, a block that is not in the cache is such a file. So a cursor does not believe an
// iterator during whose step a block was missed: it answers "would block".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <rocksdb/cache.h>

namespace distkv::storage_rocksdb {

class WatchedCache : public rocksdb::Cache {
public:
    explicit WatchedCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

    // From now on counts for the calling thread, and only for it.
    void watch_this_thread() { watched_ = std::this_thread::get_id(); }

    // To be asked by that thread.
    [[nodiscard]] std::uint64_t misses() const { return misses_; }

    Handle* Lookup(const rocksdb::Slice& key, rocksdb::Statistics* stats) override {
        return counted(cache_->Lookup(key, stats));
    }
    Handle* Lookup(const rocksdb::Slice& key, const CacheItemHelper* helper,
                   const CreateCallback& create, Priority priority, bool wait,
                   rocksdb::Statistics* stats) override {
        return counted(cache_->Lookup(key, helper, create, priority, wait, stats));
    }

    // The rest is the cache's own.
    const char* Name() const override { return "WatchedCache"; }
    rocksdb::Status Insert(const rocksdb::Slice& key, void* value, std::size_t charge,
                           DeleterFn deleter, Handle** handle, Priority priority) override {
        return cache_->Insert(key, value, charge, deleter, handle, priority);
    }
    rocksdb::Status Insert(const rocksdb::Slice& key, void* value, const CacheItemHelper* helper,
                           std::size_t charge, Handle** handle, Priority priority) override {
        return cache_->Insert(key, value, helper, charge, handle, priority);
    }
    bool Ref(Handle* handle) override { return cache_->Ref(handle); }
    bool Release(Handle* handle, bool erase) override { return cache_->Release(handle, erase); }
    bool Release(Handle* handle, bool useful, bool erase) override {
        return cache_->Release(handle, useful, erase);
    }
    void* Value(Handle* handle) override { return cache_->Value(handle); }
    void Erase(const rocksdb::Slice& key) override { cache_->Erase(key); }
    std::uint64_t NewId() override { return cache_->NewId(); }
    void SetCapacity(std::size_t capacity) override { cache_->SetCapacity(capacity); }
    void SetStrictCapacityLimit(bool strict) override { cache_->SetStrictCapacityLimit(strict); }
    bool HasStrictCapacityLimit() const override { return cache_->HasStrictCapacityLimit(); }
    std::size_t GetCapacity() const override { return cache_->GetCapacity(); }
    std::size_t GetUsage() const override { return cache_->GetUsage(); }
    std::size_t GetUsage(Handle* handle) const override { return cache_->GetUsage(handle); }
    std::size_t GetOccupancyCount() const override { return cache_->GetOccupancyCount(); }
    std::size_t GetTableAddressCount() const override { return cache_->GetTableAddressCount(); }
    std::size_t GetPinnedUsage() const override { return cache_->GetPinnedUsage(); }
    std::size_t GetCharge(Handle* handle) const override { return cache_->GetCharge(handle); }
    DeleterFn GetDeleter(Handle* handle) const override { return cache_->GetDeleter(handle); }
    void ApplyToAllEntries(const std::function<void(const rocksdb::Slice& key, void* value,
                                                    std::size_t charge, DeleterFn deleter)>& act,
                           const ApplyToAllEntriesOptions& options) override {
        cache_->ApplyToAllEntries(act, options);
    }
    void EraseUnRefEntries() override { cache_->EraseUnRefEntries(); }
    std::string GetPrintableOptions() const override { return cache_->GetPrintableOptions(); }
    void DisownData() override { cache_->DisownData(); }
    bool IsReady(Handle* handle) override { return cache_->IsReady(handle); }
    void Wait(Handle* handle) override { cache_->Wait(handle); }
    void WaitAll(std::vector<Handle*>& handles) override { cache_->WaitAll(handles); }

private:
    Handle* counted(Handle* found) {
        if (found == nullptr && std::this_thread::get_id() == watched_.load()) {
            ++misses_;
        }
        return found;
    }

    std::shared_ptr<rocksdb::Cache> cache_;
    std::atomic<std::thread::id> watched_;
    std::uint64_t misses_ = 0;  // Touched by the watched thread only.
};

}  // namespace distkv::storage_rocksdb
