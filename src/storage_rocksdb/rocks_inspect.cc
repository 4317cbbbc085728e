// What a database that nobody has open is like, and what is wrong with it.
#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <rocksdb/sst_file_reader.h>

#include "storage_rocksdb/rocks_store.h"

namespace distkv::storage_rocksdb {

using base::Errc;
using base::fail;
using base::Result;

namespace {

rocksdb::Options inspection_settings() {
    rocksdb::Options options = settings({}, make_cache({.cache_bytes = kCacheBytesMin}), nullptr);
    options.create_if_missing = false;
    options.info_log_level = rocksdb::FATAL_LEVEL;
    return options;
}

Result<std::unique_ptr<rocksdb::DB>> open_read_only(const std::string& directory) {
    TRY(check_current_is_there(directory));
    std::error_code error;
    if (!std::filesystem::exists(directory + "/CURRENT", error)) {
        return fail(Errc::kNotFound, "there is no database in " + directory);
    }
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::OpenForReadOnly(inspection_settings(), directory, &opened);
    std::unique_ptr<rocksdb::DB> db(opened);
    if (!status.ok()) {
        return fail(Errc::kCorrupt, directory + " cannot be opened: " + status.ToString());
    }
    return db;
}

Result<void> verify_table(const std::string& path) {
    rocksdb::SstFileReader reader(inspection_settings());
    rocksdb::Status status = reader.Open(path);
    if (status.ok()) {
        status = reader.VerifyChecksum();
    }
    return status.ok() ? Result<void>()
                       : Result<void>(fail(Errc::kCorrupt, path + ": " + status.ToString()));
}

// Without the file that lists those that count, all are looked at.
std::vector<std::string> tables_in(const std::string& directory) {
    std::vector<std::string> paths;
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        if (it->path().extension() == ".sst") {
            paths.push_back(it->path().string());
        }
    }
    std::ranges::sort(paths);
    return paths;
}

std::vector<std::string> live_tables(rocksdb::DB& db, const std::string& directory) {
    std::vector<rocksdb::LiveFileMetaData> files;
    db.GetLiveFilesMetaData(&files);
    std::vector<std::string> paths;
    for (const auto& file : files) {
        paths.push_back(directory + file.name);
    }
    std::ranges::sort(paths);
    return paths;
}

std::string megabytes(std::uint64_t bytes) {
    const std::uint64_t tenths = bytes * 10 / 1'000'000;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MB";
}

std::string text_of(rocksdb::DB& db, const std::string& directory) {
    std::vector<rocksdb::LiveFileMetaData> files;
    db.GetLiveFilesMetaData(&files);
    std::uint64_t keys = 0;
    db.GetIntProperty(rocksdb::DB::Properties::kEstimateNumKeys, &keys);
    std::string text = directory + "\n";
    text += "keys, estimated     " + std::to_string(keys) + "\n";
    text += "last sequence       " + std::to_string(db.GetLatestSequenceNumber()) + "\n";
    text += "tables              " + std::to_string(files.size()) + "\n";
    std::ranges::sort(files, {}, [](const auto& file) { return std::pair(file.level, file.name); });
    for (const auto& file : files) {
        text += "  level " + std::to_string(file.level) + "  " + file.name.substr(1) + "  " +
                megabytes(file.size) + "  " + std::to_string(file.num_entries) + " entries, " +
                std::to_string(file.num_deletions) + " removals, sequences " +
                std::to_string(file.smallest_seqno) + " to " + std::to_string(file.largest_seqno) +
                "\n";
    }
    return text;
}

// Damaged tables first: when the database cannot be opened because of one, what RocksDB says may
// name the file that lists it instead.
Result<std::vector<std::string>> problems_of(const std::string& directory) {
    std::vector<std::string> problems;
    const auto db = open_read_only(directory);
    for (const std::string& path : db ? live_tables(**db, directory) : tables_in(directory)) {
        const auto checked = without_exceptions([&] { return verify_table(path); });
        if (!checked) {
            problems.push_back(checked.error().detail);
        }
    }
    if (!db) {
        problems.push_back(db.error().detail);
    }
    return problems;
}

}  // namespace

std::vector<std::string> verify(const std::string& directory) {
    auto problems = without_exceptions([&] { return problems_of(directory); });
    return problems ? std::move(*problems) : std::vector{problems.error().detail};
}

Result<void> for_each_entry(
    const std::string& directory,
    const std::function<void(base::ByteView key, base::ByteView value)>& each) {
    return without_exceptions([&]() -> Result<void> {
        const auto db = TRY(open_read_only(directory));
        rocksdb::ReadOptions how;
        how.fill_cache = false;
        const std::unique_ptr<rocksdb::Iterator> walk(db->NewIterator(how));
        for (walk->SeekToFirst(); walk->Valid(); walk->Next()) {
            each({walk->key().data(), walk->key().size()},
                 {walk->value().data(), walk->value().size()});
        }
        return walk->status().ok() ? Result<void>()
                                   : Result<void>(std::unexpected(to_error(walk->status())));
    });
}

Result<std::string> describe(const std::string& directory) {
    return without_exceptions([&]() -> Result<std::string> {
        const auto db = TRY(open_read_only(directory));
        return text_of(*db, directory);
    });
}

}  // namespace distkv::storage_rocksdb
