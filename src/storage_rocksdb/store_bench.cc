// What the versioned store costs beside bare RocksDB on the same data, in the same run.
//
//     storage_rocksdb_store_bench [--json]
//
// One million keys with values of 100 bytes, and ten with a thousand versions each: few, so that
// the processor's caches hold their past as well as their present. Everything is in the block
// cache; a lookup "on the engine" misses the memory tier. Writes are blind: versions of strings in
// batches of ten.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/writer.h"
#include "storage/change_set.h"
#include "storage/key_load.h"
#include "storage/memory_tier.h"
#include "storage_rocksdb/yardstick_bench.h"

namespace {

using namespace distkv;
using namespace distkv::storage_rocksdb;
using crdt::Tag;
using model::KeyName;

constexpr int kGets = 100'000;
constexpr int kBatches = 4'000;
constexpr int kPutsABatch = 10;
constexpr int kRepetitions = 15;
constexpr std::uint64_t kDeepKeys = 10;
constexpr std::uint64_t kVersions = 1000;
constexpr model::Origin kHome{{1}, 0};
constexpr std::uint64_t kClockBegins = std::uint64_t{1'700'000'000'000'000} << 12U;

KeyName name_of(std::string key) {
    return {{1}, {7}, std::move(key)};
}

crdt::Effect string_of(std::string value, std::uint64_t stamp) {
    return {{.tag = Tag::kRegister},
            {.dot = {{kClockBegins + stamp}, kHome},
             .kind = crdt::Kind::kValue,
             .value = std::move(value)}};
}

void put(storage::Batch& batch, const std::string& key, std::string value, std::uint64_t stamp) {
    storage::add_to(batch, {name_of(key), {string_of(std::move(value), stamp)}, {}});
}

world::Task<void> apply(storage::Engine& engine, storage::Batch batch) {
    while (!engine.apply(batch)) {
        CHECK((co_await engine.flush()).has_value());
    }
}

std::string deep_key(std::uint64_t number) {
    return "deep" + key_of(number);
}

// The same keys and values in both; ours has a deep history of some more keys.
world::Task<void> fill(rocksdb::DB& bare, storage::Engine& ours) {
    rocksdb::WriteOptions how;
    how.disableWAL = true;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
        storage::Batch batch;
        put(batch, key_of(i), value_of(i), i);
        CHECK(bare.Put(how, key_of(i), value_of(i)).ok());
        co_await apply(ours, std::move(batch));
    }
    for (std::uint64_t version = 0; version < kVersions; ++version) {
        storage::Batch batch;
        for (std::uint64_t key = 0; key < kDeepKeys; ++key) {
            put(batch, deep_key(key), value_of(version), version);
        }
        co_await apply(ours, std::move(batch));
    }
}

// Alternating who comes first: whoever is second finds the processor's caches full of the other's.
void measure(Pair& out, int times, const std::function<void(int)>& bare,
             const std::function<void(int)>& ours) {
    const auto all = [times](const std::function<void(int)>& one) {
        return nanos_each(times, [&] {
            for (int i = 0; i < times; ++i) {
                one(i);
            }
        });
    };
    if (out.bare.size() % 2 == 0) {
        out.bare.push_back(all(bare));
        out.ours.push_back(all(ours));
    } else {
        const double first = all(ours);
        out.bare.push_back(all(bare));
        out.ours.push_back(first);
    }
}

crdt::KeyState loaded(base::Result<storage::Load> load) {
    CHECK(load.has_value() && load->state.has_value());
    return std::move(*load->state);
}

struct Figures {
    Pair tier;  // Beside the engine: how much a hit saves.
    Pair gets;
    Pair past;        // Beside the latest of the same keys.
    Pair past_known;  // The tier knows that they are plain.
    Pair writes;
};

void measure_reads(rocksdb::DB& bare, storage::Engine& ours, storage::MemoryTier& tier,
                   base::Rng& rng, Figures& out) {
    std::vector<std::string> keys;
    std::vector<KeyName> names;
    for (int i = 0; i < kGets; ++i) {
        keys.push_back(key_of(rng.below(kKeys)));
        names.push_back(name_of(keys.back()));
    }
    const auto load = [&](int i) {
        const crdt::KeyState state = loaded(storage::load_key(ours, names[i], {}));
        CHECK(crdt::winner(state.group(Tag::kRegister), crdt::header_of(state)) != nullptr);
    };
    measure(
        out.gets, kGets,
        [&](int i) {
            std::string value;  // Ours, too, hands out a value of its own.
            CHECK(bare.Get({}, bare.DefaultColumnFamily(), keys[i], &value).ok());
        },
        load);
    // Hits of keys that are asked for often: they fit into the processor's caches, as a hot set
    // does.
    for (int i = 0; i < 10'000; ++i) {
        tier.keep(names[i], {}, loaded(storage::load_key(ours, names[i], {})));
    }
    measure(out.tier, kGets, load, [&](int i) {
        const crdt::KeyState* const state = tier.find(names[i % 10'000]);
        CHECK(state != nullptr &&
              crdt::winner(state->group(Tag::kRegister), crdt::header_of(*state)) != nullptr);
    });
    std::vector<KeyName> deep;
    std::vector<model::VersionVector> moments(kGets);
    for (int i = 0; i < kGets; ++i) {
        deep.push_back(name_of(deep_key(rng.below(kDeepKeys))));
        moments[i].raise({{kClockBegins + rng.below(kVersions)}, kHome});
    }
    const auto latest = [&](int i) {
        CHECK(!loaded(storage::load_key(ours, deep[i], {})).empty());
    };
    measure(out.past, kGets, latest, [&](int i) {
        CHECK(!loaded(storage::load_key_as_of(ours, deep[i], moments[i])).empty());
    });
    for (std::uint64_t i = 0; i < kDeepKeys; ++i) {
        const KeyName name = name_of(deep_key(i));
        tier.keep(name, {}, loaded(storage::load_key(ours, name, {})));
    }
    measure(out.past_known, kGets, latest, [&](int i) {
        const crdt::KeyState* const core = tier.find(deep[i]);
        CHECK(core != nullptr);
        CHECK(!loaded(storage::load_key_as_of(ours, deep[i], moments[i], core)).empty());
    });
}

void measure_writes(rocksdb::DB& bare, storage::Engine& ours, base::Rng& rng, std::uint64_t& stamp,
                    Pair& out) {
    rocksdb::WriteOptions how;
    how.disableWAL = true;
    std::vector<std::string> keys;
    for (int i = 0; i < kBatches * kPutsABatch; ++i) {
        keys.push_back(key_of(rng.below(kKeys)));
    }
    const std::string value(kValueBytes, 'x');
    measure(
        out, kBatches,
        [&](int i) {
            rocksdb::WriteBatch batch;
            for (int k = 0; k < kPutsABatch; ++k) {
                CHECK(batch.Put(keys[i * kPutsABatch + k], value).ok());
            }
            CHECK(bare.Write(how, &batch).ok());
        },
        [&](int i) {
            storage::Batch batch;
            for (int k = 0; k < kPutsABatch; ++k) {
                put(batch, keys[i * kPutsABatch + k], value, ++stamp);
            }
            while (!ours.apply(batch)) {
            }
        });
}

world::Task<void> measure_all(world::World& world, std::string root, Figures& out) {
    Bare bare(root + "/bare");
    auto opened = co_await storage_rocksdb::open(world, options_for(root + "/ours"));
    CHECK(opened.has_value());
    storage::Engine& ours = **opened;
    co_await fill(bare.db(), ours);
    compact(bare.db());
    CHECK((co_await ours.compact({})).has_value());
    warm(bare.db());
    CHECK((co_await ours.prefetch_range({}, SIZE_MAX, nullptr)).has_value());
    for (std::uint64_t i = 0; i < kKeys; i += 100) {
        std::vector<base::Bytes> keys(1, storage::summary_key(name_of(key_of(i))));
        keys.push_back(storage::summary_key(name_of(deep_key(i / 100 % kDeepKeys))));
        CHECK((co_await ours.prefetch(std::move(keys), nullptr)).has_value());
    }
    storage::MemoryTier tier(std::size_t{1} << 30);
    base::Rng rng(1);
    for (int i = 0; i < kRepetitions; ++i) {
        measure_reads(bare.db(), ours, tier, rng, out);
    }
    std::uint64_t stamp = kKeys;
    for (int i = 0; i < kRepetitions; ++i) {
        measure_writes(bare.db(), ours, rng, stamp, out.writes);
        CHECK((co_await ours.flush()).has_value());
        CHECK(bare.db().Flush({}).ok());
    }
}

}  // namespace

int main(int argc, char** argv) {
    Figures figures;
    on_one_node([&](world::World& world, std::string root) -> world::Task<void> {
        co_await measure_all(world, std::move(root), figures);
    });
    const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
    print({{"store get", "latest of a key on the engine, beside a bare get", figures.gets, 0.7},
           {"store writes", "ten blind versions, beside ten bare puts", figures.writes, 0.8},
           {"store past", "as of, 1000 versions a key, beside the latest", figures.past, 1 / 1.5},
           {"store past known", "the same, when the memory tier has the key's core",
            figures.past_known, 1 / 1.5},
           {"store tier", "a hit in the memory tier, beside the engine", figures.tier, 1}},
          json, kRepetitions);
    if (!json) {
        std::printf("a hit in the memory tier takes %.0f ns; target: 300\n",
                    median(figures.tier.ours));
    }
    return EXIT_SUCCESS;
}
