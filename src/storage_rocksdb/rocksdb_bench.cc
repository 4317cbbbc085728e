// What our engine costs beside bare RocksDB with the same settings and data, in the same run.
//
//     storage_rocksdb_rocksdb_bench [--json]
//
// One million keys with values of 100 bytes. get: every key is in the block cache. apply: batches
// of ten puts, without flushes. Each figure is the median over repetitions of the mean over a
// batch; the repetitions of the variants are interleaved, so that a slow moment of the machine
// falls on all of them.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage_rocksdb/yardstick_bench.h"

namespace {

using namespace distkv;
using namespace distkv::storage_rocksdb;

constexpr int kGets = 100'000;
constexpr int kBatches = 4'000;
constexpr int kPutsABatch = 10;
constexpr int kRepetitions = 15;

struct Figures {
    Pair gets;
    Pair firsts;
    Pair applies;
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
    compact(bare.db());
    CHECK((co_await (*opened)->compact({})).has_value());
    warm(bare.db());
    CHECK((co_await (*opened)->prefetch_range({}, SIZE_MAX, nullptr)).has_value());
    for (std::uint64_t i = 0; i < kKeys; i += 100) {
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

}  // namespace

int main(int argc, char** argv) {
    Figures figures;
    on_one_node([&](world::World& world, std::string root) -> world::Task<void> {
        co_await measure(world, std::move(root), figures);
    });
    print({{"rocksdb get", "get, in the block cache", figures.gets, 0.9},
           {"rocksdb first", "first of a range, beside a get", figures.firsts, 0.9},
           {"rocksdb apply", "apply a batch of ten puts", figures.applies, 0.9}},
          argc > 1 && std::string_view(argv[1]) == "--json", kRepetitions);
    return EXIT_SUCCESS;
}
