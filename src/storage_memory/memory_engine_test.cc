// What is particular to the memory engine; what every engine promises is in the conformance suite.
#include "storage_memory/memory_engine.h"

#include <gtest/gtest.h>

#include "sim/planet.h"

namespace distkv::storage_memory {
namespace {

using base::Errc;
using world::Task;
using world::World;
using namespace std::chrono_literals;

// A program that ends is started again, so it runs on.
void on_one_node(const sim::Program& program) {
    sim::Planet planet({.seed = 1,
                        .sites = {{"here", {0, 0}}},
                        .length = 100s,
                        .weather = sim::Weather::calm(),
                        .reactors_per_node = 1},
                       [&](World& world) -> Task<void> {
                           co_await program(world);
                           co_await world.sleep_for(1h);
                       });
    planet.run();
}

Batch put(std::string key, std::string value) {
    Batch batch;
    batch.put(std::move(key), std::move(value));
    return batch;
}

TEST(MemoryEngine, KeepsWhatWasFlushed) {
    bool ended = false;
    on_one_node([&](World& world) -> Task<void> {
        for (int round = 0; round < 50; ++round) {
            auto opened = co_await MemoryEngine::open(world, {.journal_bytes_min = 200});
            EXPECT_TRUE(opened.has_value());
            MemoryEngine& engine = **opened;
            for (int i = 0; i < round; ++i) {
                EXPECT_EQ(engine.get("k" + std::to_string(i), nullptr)->value,
                          "v" + std::to_string(i));
            }
            EXPECT_TRUE(
                engine.apply(put("k" + std::to_string(round), "v" + std::to_string(round))));
            EXPECT_TRUE((co_await engine.flush()).has_value());
            EXPECT_EQ(engine.durable().value, static_cast<std::uint64_t>(round + 1));
            EXPECT_TRUE(engine.apply(put("lost", "x")));
        }
        ended = true;
    });
    EXPECT_TRUE(ended);
}

TEST(MemoryEngine, VersionsGoWhenNobodySeesThem) {
    on_one_node([&](World& world) -> Task<void> {
        auto opened = co_await MemoryEngine::open(world, {});
        MemoryEngine& engine = **opened;
        EXPECT_TRUE(engine.apply(put("a", "1")));
        auto first = engine.snapshot();
        EXPECT_TRUE(engine.apply(put("a", "2")));
        auto second = engine.snapshot();
        EXPECT_TRUE(engine.apply(put("a", "3")));
        EXPECT_TRUE(engine.apply(put("a", "4")));
        EXPECT_EQ(engine.versions(), 3U);
        EXPECT_EQ(engine.get("a", first.get())->value, "1");
        EXPECT_EQ(engine.get("a", second.get())->value, "2");
        first.reset();
        EXPECT_EQ(engine.versions(), 2U);
        Batch removal;
        removal.remove_range("", "b");
        EXPECT_TRUE(engine.apply(removal));
        EXPECT_EQ(engine.get("a", second.get())->value, "2");
        EXPECT_EQ(engine.get("a", nullptr)->presence, Presence::kAbsent);
        second.reset();
        EXPECT_EQ(engine.versions(), 0U);
    });
}

// What opening says after one bit of the file has changed.
void damage_and_open(std::string file, std::uint64_t offset_from_end, std::string expected) {
    on_one_node([=](World& world) -> Task<void> {
        {
            auto opened = co_await MemoryEngine::open(world, {.directory = "e"});
            for (int i = 0; i < 3; ++i) {
                EXPECT_TRUE((*opened)->apply(put("k", std::to_string(i))));
                EXPECT_TRUE((co_await (*opened)->flush()).has_value());
            }
            if (file == "e/image") {
                EXPECT_TRUE((co_await (*opened)->compact({})).has_value());
            }
        }
        auto damaged = co_await world.disk().open(file, world::OpenMode::kExisting);
        EXPECT_TRUE(damaged.has_value());
        const std::uint64_t at = (*damaged)->size() - offset_from_end;
        base::Bytes byte = *co_await (*damaged)->read(at, 1);
        byte[0] = static_cast<char>(byte[0] ^ 1);
        EXPECT_TRUE((co_await (*damaged)->write(at, byte)).has_value());
        const auto opened = co_await MemoryEngine::open(world, {.directory = "e"});
        EXPECT_EQ(
            opened ? "opened " + (*opened)->get("k", nullptr)->value : to_string(opened.error()),
            expected);
    });
}

TEST(MemoryEngine, DamageToWhatWasAcknowledgedIsNamed) {
    // The journal is three times a batch of 28 bytes and a mark of 30.
    damage_and_open("e/journal-0", 3 * 58 - 20,
                    "corrupt: e/journal-0, offset 0: a record does not match its checksum, though "
                    "all below offset 28 had been synced");
    damage_and_open(
        "e/journal-0", 40,
        "corrupt: e/journal-0, offset 116: a record does not match its checksum, though "
        "all below offset 144 had been synced");
    // The last mark alone: nothing is lost.
    damage_and_open("e/journal-0", 1, "opened 2");
    damage_and_open("e/image", 1,
                    "corrupt: e/image, offset 58: a record does not match its checksum");
}

TEST(MemoryEngine, AFullDiskLosesNothing) {
    sim::Planet planet({.seed = 1,
                        .sites = {{"here", {0, 0}}},
                        .length = 100s,
                        .weather = sim::Weather::calm(),
                        .reactors_per_node = 1},
                       [&planet](World& world) -> Task<void> {
                           sim::DiskImage& disk = planet.node({1}).disk();
                           auto opened = co_await MemoryEngine::open(world, {});
                           MemoryEngine& engine = **opened;
                           for (int i = 0; i < 20; ++i) {
                               EXPECT_TRUE(engine.apply(put(std::to_string(i), "x")));
                               disk.set_full(true);
                               EXPECT_EQ((co_await engine.flush()).error().code, Errc::kFull);
                               EXPECT_EQ(engine.durable().value, static_cast<std::uint64_t>(i));
                               disk.set_full(false);
                               EXPECT_TRUE((co_await engine.flush()).has_value());
                           }
                           EXPECT_EQ(engine.stats().compactions, 0U) << "the journal went on";
                           opened->reset();
                           auto again = co_await MemoryEngine::open(world, {});
                           EXPECT_EQ((*again)->stats().keys_estimated, 20U);
                           co_await world.sleep_for(1h);
                       });
    planet.run();
}

TEST(MemoryEngine, ACancelledFlushIsMadeGood) {
    on_one_node([&](World& world) -> Task<void> {
        auto opened = co_await MemoryEngine::open(world, {});
        MemoryEngine& engine = **opened;
        for (int i = 0; i < 50; ++i) {
            EXPECT_TRUE(engine.apply(put(std::to_string(i), "x")));
            {
                world::Scope scope(world.scheduler());
                auto flush = [](MemoryEngine& flushed) -> Task<void> {
                    static_cast<void>(co_await flushed.flush());
                };
                scope.spawn("flush", flush(engine));
                co_await world.sleep_for(10us * i);
            }
            EXPECT_TRUE((co_await engine.flush()).has_value());
            EXPECT_EQ(engine.durable().value, static_cast<std::uint64_t>(i + 1));
        }
        opened->reset();
        auto again = co_await MemoryEngine::open(world, {});
        EXPECT_EQ((*again)->stats().keys_estimated, 50U);
    });
}

}  // namespace
}  // namespace distkv::storage_memory
