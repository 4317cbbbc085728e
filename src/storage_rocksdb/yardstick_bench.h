// What the benchmarks of this module share: the yardstick (bare RocksDB with our settings), its
// data, and how times are taken. Each figure is the median over repetitions of the mean over a
// batch; the repetitions of what is compared are interleaved, so that a slow moment falls on all of
// them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/rng.h"
#include "sim/planet.h"
#include "storage_rocksdb/rocks_store.h"

namespace distkv::storage_rocksdb {

inline constexpr std::uint64_t kKeys = 1'000'000;
inline constexpr std::size_t kValueBytes = 100;

inline RocksOptions options_for(std::string directory) {
    return {.directory = std::move(directory),
            .cache_bytes = std::size_t{512} << 20,
            .memtable_bytes = std::size_t{64} << 20};
}

inline std::string key_of(std::uint64_t number) {
    char text[24];
    std::snprintf(text, sizeof text, "key%012llu", static_cast<unsigned long long>(number));
    return text;
}

inline std::string value_of(std::uint64_t number) {
    base::Rng rng(number);
    std::string value;
    while (value.size() < kValueBytes) {
        const std::uint64_t word = rng.next();
        value.append(reinterpret_cast<const char*>(&word), sizeof word / 2);  // Half compressible.
        value.append(sizeof word / 2, 'v');
    }
    value.resize(kValueBytes);
    return value;
}

inline double nanos_each(int times, const std::function<void()>& work) {
    timespec start{};
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    work();
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (static_cast<double>(end.tv_sec - start.tv_sec) * 1e9 +
            static_cast<double>(end.tv_nsec - start.tv_nsec)) /
           times;
}

inline double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

struct Pair {
    std::vector<double> bare;
    std::vector<double> ours;
    [[nodiscard]] double ratio() const { return median(bare) / median(ours); }
};

class Bare {
public:
    explicit Bare(const std::string& directory) {
        const auto options = options_for(directory);
        rocksdb::DB* opened = nullptr;
        CHECK(rocksdb::DB::Open(settings(options, make_cache(options), nullptr), directory, &opened)
                  .ok());
        db_.reset(opened);
    }
    rocksdb::DB& db() { return *db_; }

private:
    std::unique_ptr<rocksdb::DB> db_;
};

// Everything into the block cache: the data by a walk, the filters by a lookup here and there.
inline void warm(rocksdb::DB& db) {
    const std::unique_ptr<rocksdb::Iterator> walk(db.NewIterator({}));
    std::string value;
    std::uint64_t count = 0;
    for (walk->SeekToFirst(); walk->Valid(); walk->Next()) {
        if (++count % 100 == 0) {
            CHECK(db.Get({}, walk->key(), &value).ok());
        }
    }
}

inline void compact(rocksdb::DB& db) {
    rocksdb::CompactRangeOptions whole;  // As our engine does it, so that both have one shape.
    whole.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    CHECK(db.CompactRange(whole, nullptr, nullptr).ok());
}

// Runs `work` once with a new directory; calls off the reactor run inline there.
inline void on_one_node(
    const std::function<world::Task<void>(world::World& world, std::string root)>& work) {
    std::string root = (std::filesystem::temp_directory_path() / "rocks-bench-XXXXXX").string();
    CHECK(mkdtemp(root.data()) != nullptr);
    bool ended = false;
    {
        sim::Planet planet({.seed = 1,
                            .sites = {{"here", {0, 0}}},
                            .length = std::chrono::hours(24),
                            .weather = sim::Weather::calm(),
                            .reactors_per_node = 1},
                           [&](world::World& world) -> world::Task<void> {
                               co_await work(world, root);
                               ended = true;
                               co_await world.sleep_for(std::chrono::hours(100));
                           });
        planet.run([&] { return ended; });
    }
    std::filesystem::remove_all(root);
}

struct Row {
    const char* name;
    const char* what;
    Pair pair;
    double target;
};

inline void print(const std::vector<Row>& rows, bool json, int repetitions) {
    if (!json) {
        std::printf("%-50s %9s %9s %7s %7s\n", "nanoseconds each", "yardstick", "ours", "speed",
                    "target");
    }
    for (const Row& row : rows) {
        std::printf(json ? "{\"bench\":\"%s\",\"yardstick_ns\":%.0f,\"ours_ns\":%.0f,"
                           "\"ratio\":%.3f,\"target\":%.2f}\n"
                         : "%-50s %9.0f %9.0f %6.2fx %6.2fx\n",
                    json ? row.name : row.what, median(row.pair.bare), median(row.pair.ours),
                    row.pair.ratio(), row.target);
    }
    if (!json) {
        std::printf("medians of %d repetitions; speed is yardstick / ours\n", repetitions);
    }
}

}  // namespace distkv::storage_rocksdb
