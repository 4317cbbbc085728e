#include "storage_rocksdb/rocks_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

namespace distkv::storage_rocksdb {

using base::Errc;
using base::fail;
using base::Result;

base::Error to_error(const rocksdb::Status& status) {
    std::string text = status.ToString();
    if (status.IsNoSpace()) {
        return {Errc::kFull, std::move(text)};
    }
    if (status.IsCorruption()) {
        return {Errc::kCorrupt, std::move(text)};
    }
    if (status.IsIncomplete() || status.IsBusy() || status.IsTryAgain()) {
        return {Errc::kRetry, std::move(text)};
    }
    if (status.IsInvalidArgument()) {
        return {Errc::kInvalid, std::move(text)};
    }
    return {Errc::kUnknown, std::move(text)};
}

// One part: a block of the largest value must fit into it, and only one reactor asks.
std::shared_ptr<rocksdb::Cache> make_cache(const RocksOptions& options) {
    return rocksdb::NewLRUCache(options.cache_bytes, 0);
}

namespace {

// It is not the caller's doing, and nobody knows what became of it.
base::Error background_error(const rocksdb::Status& status) {
    base::Error error = to_error(status);
    if (error.code == Errc::kRetry || error.code == Errc::kInvalid) {
        error.code = Errc::kUnknown;
    }
    return error;
}

}  // namespace

rocksdb::Options settings(const RocksOptions& options, std::shared_ptr<rocksdb::Cache> cache,
                          rocksdb::Env* env) {
    rocksdb::Options chosen;
    if (env != nullptr) {
        chosen.env = env;
    }
    chosen.create_if_missing = true;
    chosen.write_buffer_size = options.memtable_bytes;
    chosen.max_write_buffer_number = kMemtablesMax;
    chosen.max_background_jobs = options.background_threads;
    // Nothing is tried again behind our back; see Store::flush().
    chosen.max_bgerror_resume_count = 0;
    // What was not flushed is in the node's log: nobody waits for it at the end.
    chosen.avoid_flush_during_shutdown = true;
    // One small key after another, each a version of its own: level compaction keeps space low.
    chosen.compaction_style = rocksdb::kCompactionStyleLevel;
    chosen.level_compaction_dynamic_level_bytes = true;
    chosen.compression = rocksdb::kLZ4Compression;
    chosen.bottommost_compression = rocksdb::kZSTD;
    chosen.bytes_per_sync = 1 << 20;
    // All files stay open: a lookup must never have to open one.
    chosen.max_open_files = -1;
    chosen.info_log_level = rocksdb::WARN_LEVEL;
    chosen.keep_log_file_num = 2;
    chosen.max_log_file_size = std::size_t{4} << 20;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = std::move(cache);
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_size = 8 << 10;
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;  // Debian's build has CRC32C in software only.
    chosen.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return chosen;
}

Result<void> check_current_is_there(const std::string& directory) {
    std::error_code error;
    if (std::filesystem::exists(directory + "/CURRENT", error)) {
        return {};
    }
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (name.ends_with(".sst") || name.starts_with("MANIFEST-")) {
            std::string text = directory;
            text += "/CURRENT is missing, though ";
            text += name;
            text += " is there: it says which files count";
            return fail(Errc::kCorrupt, std::move(text));
        }
    }
    return {};
}

// ---- what RocksDB's threads tell

void Watcher::raise_durable(std::uint64_t sequence) {
    std::uint64_t known = durable_.load();
    while (known < sequence && !durable_.compare_exchange_weak(known, sequence)) {
    }
}

void Watcher::OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) {
    raise_durable(info.largest_seqno);
}

void Watcher::OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) {
    ++compactions_;
}

void Watcher::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) {
    const std::lock_guard lock(mutex_);
    trouble_ = background_error(*status);
    troubled_ = true;
}

// RocksDB would look for free space every five seconds, and refuse to resume meanwhile.
void Watcher::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                   bool* auto_recovery) {
    *auto_recovery = false;
}

std::optional<base::Error> Watcher::trouble() const {
    if (!troubled_) {
        return std::nullopt;
    }
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void Watcher::clear_trouble() {
    const std::lock_guard lock(mutex_);
    trouble_.reset();
    troubled_ = false;
}

// ---- the database

Result<StoreRef> Store::open(const RocksOptions& options, rocksdb::Env* env) {
    TRY(check_current_is_there(options.directory));
    auto cache = std::make_shared<WatchedCache>(make_cache(options));
    rocksdb::Options chosen = settings(options, cache, env);
    auto watcher = std::make_shared<Watcher>();
    chosen.listeners.push_back(watcher);
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(chosen, options.directory, &opened);
    std::unique_ptr<rocksdb::DB> db(opened);
    if (!status.ok()) {
        base::Error error = to_error(status);
        if (status.IsIOError() && error.detail.contains("lock ")) {
            error.code = Errc::kRetry;
        } else if (error.code == Errc::kUnknown) {
            // Every file that is named must be there and be readable.
            error.code = Errc::kCorrupt;
        }
        error.detail = options.directory + ": " + error.detail;
        return std::unexpected(std::move(error));
    }
    watcher->raise_durable(db->GetLatestSequenceNumber());
    return std::make_shared<const Store>(std::move(db), std::move(watcher), std::move(cache));
}

Store::~Store() {
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
    static_cast<void>(db_->Close());
}

Result<void> Store::flush(std::uint64_t applied) const {
    rocksdb::FlushOptions how;
    how.wait = true;
    how.allow_write_stall = true;  // A stall waits for a flush: it must not wait for the stall.
    rocksdb::Status status = db_->Flush(how);
    if (!status.ok()) {
        // Trouble that is over (space was made) has to be taken back before anything works.
        status = db_->Resume();
        if (status.ok()) {
            watcher_->clear_trouble();
            status = db_->Flush(how);
        }
    }
    if (!status.ok()) {
        return std::unexpected(background_error(status));
    }
    watcher_->clear_trouble();
    watcher_->raise_durable(applied);
    return {};
}

Result<void> Store::compact(const storage::Range& range) const {
    rocksdb::CompactRangeOptions how;
    how.exclusive_manual_compaction = false;
    how.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    how.allow_write_stall = true;
    const rocksdb::Slice from(range.from);
    const rocksdb::Slice until(range.until);
    const rocksdb::Status status =
        db_->CompactRange(how, &from, range.until.empty() ? nullptr : &until);
    return status.ok() ? Result<void>() : Result<void>(std::unexpected(to_error(status)));
}

Result<void> Store::checkpoint(const std::string& directory) const {
    std::error_code error;
    if (std::filesystem::exists(directory, error)) {
        return fail(Errc::kInvalid, directory + " is there already: a checkpoint needs a new one");
    }
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) {
        status = checkpoint->CreateCheckpoint(directory);
    }
    if (!status.ok()) {
        return std::unexpected(to_error(status));
    }
    // RocksDB syncs the directory, not its name in the one above.
    const std::string parent = std::filesystem::path(directory).parent_path().string();
    const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) {
        ::close(fd);
    }
    return synced ? Result<void>()
                  : Result<void>(fail(Errc::kUnknown, parent + " could not be synced"));
}

}  // namespace distkv::storage_rocksdb
