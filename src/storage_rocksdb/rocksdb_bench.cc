// What our engine costs beside bare RocksDB with the same settings and data, in the same run.
//
//     storage_rocksdb_rocksdb_bench [--json]
//
// One million keys with values of 100 bytes. get: every key is in the block cache. apply: batches
// of ten puts, without flushes. Each figure is the median over repetitions of the mean over a
// batch; the repetitions of the variants are interleaved, so that a slow moment of the machine
// falls on all of them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "base/rng.h"
#include "sim/planet.h"
#include "storage_rocksdb/rocks_store.h"

namespace {

using namespace distkv;

constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::size_t kValueBytes = 100;
constexpr int kGets = 100'000;
constexpr int kBatches = 4'000;
constexpr int kPutsABatch = 10;
constexpr int kRepetitions = 15;

storage_rocksdb::RocksOptions options_for(std::string directory) {
    return {.directory = std::move(directory),
            .cache_bytes = std::size_t{512} << 20,
            .memtable_bytes = std::size_t{64} << 20};
}

std::string key_of(std::uint64_t number) {
    char text[24];
    std::snprintf(text, sizeof text, "key%012llu", static_cast<unsigned long long>(number));
    return text;
}

std::string value_of(std::uint64_t number) {
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

double nanos_each(int times, const std::function<void()>& work) {
    timespec start{};
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    work();
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (static_cast<double>(end.tv_sec - start.tv_sec) * 1e9 +
            static_cast<double>(end.tv_nsec - start.tv_nsec)) /
           times;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

struct Pair {
    std::vector<double> bare;
    std::vector<double> ours;
    [[nodiscard]] double ratio() const { return median(bare) / median(ours); }
};

struct Figures {
    Pair gets;
    Pair firsts;
    Pair applies;
};

class Bare {
public:
    explicit Bare(const std::string& directory) {
        const auto options = options_for(directory);
        rocksdb::DB* opened = nullptr;
        CHECK(rocksdb::DB::Open(
                  storage_rocksdb::settings(options, storage_rocksdb::make_cache(options), nullptr),
                  directory, &opened)
                  .ok());
        db_.reset(opened);
    }
    rocksdb::DB& db() { return *db_; }

private:
    std::unique_ptr<rocksdb::DB> db_;
};

storage::Batch batch_of(std::uint64_t from) {
    storage::Batch batch;
    for (int i = 0; i < kPutsABatch; ++i) {
        batch.put(key_of(from + static_cast<std::uint64_t>(i)), std::string(kValueBytes, 'x'));
    }
    return batch;
}

void fill(rocksdb::DB& bare, storage::Engine& ours) {
    rocksdb::WriteOptions how;
    how.disableWAL = true;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
        storage::Batch batch;
        batch.put(key_of(i), value_of(i));
        CHECK(bare.Put(how, key_of(i), value_of(i)).ok());
        while (!ours.apply(batch)) {  // A stall: the flush has to catch up.
        }
    }
}

base::Bytes got(storage::Engine& ours, const std::string& key) {
    const auto found = ours.get(key, nullptr);
    CHECK(found && found->presence == storage::Presence::kFound);
    return found->value;
}

// As the versioned store reads: whatever comes first behind a prefix.
base::Bytes got_first(storage::Engine& ours, const std::string& key) {
    const auto found = ours.first(key, "l");
    CHECK(found && found->presence == storage::Presence::kFound);
    return base::Bytes(found->value);
}

void measure_gets(rocksdb::DB& bare, storage::Engine& ours, base::Rng& rng,
                  base::Bytes (*get)(storage::Engine&, const std::string&), Pair& out) {
    std::vector<std::string> keys;
    for (int i = 0; i < kGets; ++i) {
        keys.push_back(key_of(rng.below(kKeys)));
    }
    const auto measure_bare = [&] {
        out.bare.push_back(nanos_each(kGets, [&] {
            for (const std::string& key : keys) {
                std::string value;  // Ours, too, hands out a value of its own.
                CHECK(bare.Get({}, bare.DefaultColumnFamily(), key, &value).ok());
            }
        }));
    };
    const auto measure_ours = [&] {
        out.ours.push_back(nanos_each(kGets, [&] {
            for (const std::string& key : keys) {
                CHECK(get(ours, key).size() == kValueBytes);
            }
        }));
    };
    // Whoever comes second finds the processor's caches full of the other's data.
    if (out.bare.size() % 2 == 0) {
        measure_bare();
        measure_ours();
    } else {
        measure_ours();
        measure_bare();
    }
}

void measure_applies(rocksdb::DB& bare, storage::Engine& ours, base::Rng& rng, Pair& out) {
    std::vector<storage::Batch> batches;
    for (int i = 0; i < kBatches; ++i) {
        batches.push_back(batch_of(rng.below(kKeys)));
    }
    out.bare.push_back(nanos_each(kBatches, [&] {
        rocksdb::WriteOptions how;
        how.disableWAL = true;
        for (const storage::Batch& batch : batches) {
            rocksdb::WriteBatch translated;
            for (const auto& change : batch.changes()) {
                CHECK(translated.Put(change.key, change.value).ok());
            }
            CHECK(bare.Write(how, &translated).ok());
        }
    }));
    out.ours.push_back(nanos_each(kBatches, [&] {
        for (const storage::Batch& batch : batches) {
            while (!ours.apply(batch)) {
            }
        }
    }));
}

world::Task<void> measure(world::World& world, std::string root, Figures& out) {
    Bare bare(root + "/bare");
    auto opened = co_await storage_rocksdb::open(world, options_for(root + "/ours"));
    CHECK(opened.has_value());
    fill(bare.db(), **opened);
    rocksdb::CompactRangeOptions whole;  // As our engine does it, so that both have one shape.
    whole.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    CHECK(bare.db().CompactRange(whole, nullptr, nullptr).ok());
    CHECK((co_await (*opened)->compact({})).has_value());
    // Everything into the block cache.
    CHECK((co_await (*opened)->prefetch_range({}, SIZE_MAX, nullptr)).has_value());
    const std::unique_ptr<rocksdb::Iterator> walk(bare.db().NewIterator({}));
    for (walk->SeekToFirst(); walk->Valid(); walk->Next()) {
    }
    // One lookup each brings in the filters, which a walk does not look at.
    std::string value;
    for (std::uint64_t i = 0; i < kKeys; i += 100) {
        CHECK(bare.db().Get({}, key_of(i), &value).ok());
        std::vector<base::Bytes> keys(1, key_of(i));
        CHECK((co_await (*opened)->prefetch(std::move(keys), nullptr)).has_value());
    }
    base::Rng rng(1);
    for (int i = 0; i < kRepetitions; ++i) {
        measure_gets(bare.db(), **opened, rng, got, out.gets);
        measure_gets(bare.db(), **opened, rng, got_first, out.firsts);
    }
    for (int i = 0; i < kRepetitions; ++i) {
        measure_applies(bare.db(), **opened, rng, out.applies);
        CHECK((co_await (*opened)->flush()).has_value());
        CHECK(bare.db().Flush({}).ok());
    }
}

void print(const Figures& figures, bool json) {
    struct Row {
        const char* name;
        const char* what;
        const Pair& pair;
    };
    const Row rows[] = {{"get", "get, in the block cache", figures.gets},
                        {"first", "first of a range, beside a get", figures.firsts},
                        {"apply", "apply a batch of ten puts", figures.applies}};
    if (!json) {
        std::printf("%-38s %10s %10s %8s\n", "nanoseconds each", "bare", "ours", "speed");
    }
    for (const Row& row : rows) {
        std::printf(
            json ? "{\"bench\":\"rocksdb %s\",\"bare_ns\":%.0f,\"ours_ns\":%.0f,\"ratio\":%.3f}\n"
                 : "%-38s %10.0f %10.0f %7.2fx\n",
            json ? row.name : row.what, median(row.pair.bare), median(row.pair.ours),
            row.pair.ratio());
    }
    if (!json) {
        std::printf("medians of %d repetitions; targets: each >= 0.9x\n", kRepetitions);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    std::string root = (std::filesystem::temp_directory_path() / "rocks-bench-XXXXXX").string();
    CHECK(mkdtemp(root.data()) != nullptr);
    Figures figures;
    bool ended = false;
    {
        sim::Planet planet({.seed = 1,
                            .sites = {{"here", {0, 0}}},
                            .length = std::chrono::hours(24),
                            .weather = sim::Weather::calm(),
                            .reactors_per_node = 1},
                           [&](world::World& world) -> world::Task<void> {
                               co_await measure(world, root, figures);
                               ended = true;
                               co_await world.sleep_for(std::chrono::hours(100));
                           });
        planet.run([&] { return ended; });
    }
    std::filesystem::remove_all(root);
    print(figures, json);
    return EXIT_SUCCESS;
}
