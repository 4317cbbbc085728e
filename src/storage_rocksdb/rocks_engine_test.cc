// What is particular to RocksDB: damage, a full disk, a real reactor, and the tools.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "os/node.h"
#include "storage_rocksdb/rocks_stores_test.h"

namespace distkv::storage_rocksdb {
namespace {

using base::Errc;
using storage::Batch;
using storage::Engine;
using storage::Presence;
using world::Task;
using world::World;
using namespace std::chrono_literals;

std::string key(int i) {
    return "key" + std::to_string(1'000'000 + i);
}

Batch put(std::string key, std::string value) {
    Batch batch;
    batch.put(std::move(key), std::move(value));
    return batch;
}

// Ten thousand keys in several tables.
Task<void> fill(Engine& engine) {
    for (int i = 0; i < 10'000; ++i) {
        while (!engine.apply(put(key(i), "value " + std::to_string(i)))) {
            EXPECT_TRUE((co_await engine.flush()).has_value());
        }
    }
    EXPECT_TRUE((co_await engine.flush()).has_value());
}

// When `compacted`, no background work is left to do: after a compaction that fails on damaged data
// RocksDB pauses for a second.
void make_store(const std::string& directory, bool compacted = false) {
    on_one_node([&](World& world) -> Task<void> {
        auto engine = co_await open(world, small_options(directory));
        EXPECT_TRUE(engine.has_value());
        co_await fill(**engine);
        if (compacted) {
            EXPECT_TRUE((co_await (*engine)->compact({})).has_value());
        }
    });
}

// Without those that hold no data.
std::vector<std::filesystem::path> files_of(const std::string& directory) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string name = entry.path().filename().string();
        if (entry.file_size() > 0 && !name.starts_with("LOG") && !name.starts_with("OPTIONS")) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

TEST(RocksEngine, RefusesOptionsThatCannotWork) {
    on_one_node([](World& world) -> Task<void> {
        RocksOptions relative = small_options("store");
        EXPECT_EQ((co_await open(world, relative)).error().code, Errc::kInvalid);
        RocksOptions cramped = small_options("/dev/shm/never-made");
        cramped.cache_bytes = 1 << 20;
        EXPECT_EQ((co_await open(world, cramped)).error().code, Errc::kInvalid);
    });
}

TEST(RocksEngine, AHeldDatabaseIsNotDamaged) {
    const TemporaryDirectory root;
    on_one_node([&](World& world) -> Task<void> {
        auto first = co_await open(world, small_options(root.path() + "/store"));
        EXPECT_TRUE(first.has_value());
        const auto second = co_await open(world, small_options(root.path() + "/store"));
        EXPECT_EQ(second.error().code, Errc::kRetry) << second.error().detail;
    });
}

TEST(RocksEngine, ToolsTellWhatIsThere) {
    const TemporaryDirectory root;
    const std::string directory = root.path() + "/store";
    EXPECT_EQ(describe(directory).error().code, Errc::kNotFound);
    make_store(directory);
    EXPECT_TRUE(verify(directory).empty());
    const auto text = describe(directory);
    ASSERT_TRUE(text.has_value()) << text.error().detail;
    EXPECT_TRUE(text->contains("last sequence       10000\n")) << *text;
    // On which level is for RocksDB's threads to say.
    EXPECT_TRUE(text->contains("  level ") && text->contains(".sst  ")) << *text;
}

// Every file in turn is damaged in a seeded place. Nothing may crash; what verify() finds it names;
// and no read may return another value than the one that was written.
class Damage {
public:
    static void cut(const std::filesystem::path& file, std::uint64_t seed) {
        base::Rng rng(seed);
        std::filesystem::resize_file(file, rng.below(std::filesystem::file_size(file)));
    }
    static void flip(const std::filesystem::path& file, std::uint64_t seed) {
        base::Rng rng(seed);
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        const auto at = static_cast<std::streamoff>(rng.below(std::filesystem::file_size(file)));
        stream.seekg(at);
        const auto byte = static_cast<char>(stream.get() ^ (1 << rng.below(8)));
        stream.seekp(at);
        stream.put(byte);
    }

    // How opening and reading the copy in `directory` ends.
    static std::string outcome(const std::string& directory) {
        std::string outcome;
        on_one_node([&](World& world) -> Task<void> {
            auto opened = co_await open(world, small_options(directory));
            if (!opened) {
                outcome = "refused: " + to_string(opened.error());
                co_return;
            }
            outcome = co_await read_all(**opened);
        });
        return outcome;
    }

private:
    static Task<std::string> read_all(Engine& engine) {
        for (int i = 0; i < 10'000; i += 7) {
            std::vector<base::Bytes> keys(1, key(i));
            const auto fetched = co_await engine.prefetch(std::move(keys), nullptr);
            if (!fetched) {
                co_return "read error: " + to_string(fetched.error());
            }
            const auto found = engine.get(key(i), nullptr);
            if (!found || found->presence != Presence::kFound) {
                co_return "lost";
            }
            if (found->value != "value " + std::to_string(i)) {
                co_return "wrong";
            }
        }
        co_return "whole";
    }
};

TEST(RocksEngine, ADamagedDirectoryIsNamedAndNeverCrashes) {
    const TemporaryDirectory root;
    const std::string original = root.path() + "/original";
    make_store(original, true);
    std::set<std::string> kinds;
    const std::vector<std::filesystem::path> files = files_of(original);
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const std::string copy = root.path() + "/copy";
        std::filesystem::remove_all(copy);
        std::filesystem::copy(original, copy);
        const std::filesystem::path file = copy / files[seed % files.size()].filename();
        const std::string name = file.filename().string();
        seed % 3 == 0 ? Damage::cut(file, seed) : Damage::flip(file, seed);
        const std::vector<std::string> problems = verify(copy);
        const std::string ended = Damage::outcome(copy);
        kinds.insert(ended.substr(0, ended.find(':')));
        EXPECT_NE(ended, "wrong") << name;
        EXPECT_TRUE(!ended.starts_with("refused") || ended.contains("corrupt")) << name << ended;
        if (name.ends_with(".sst")) {
            EXPECT_FALSE(problems.empty()) << name << " seed " << seed;
            EXPECT_TRUE(problems.empty() || problems.front().contains(name)) << problems.front();
        }
    }
    EXPECT_TRUE(kinds.contains("refused"));
    EXPECT_TRUE(kinds.contains("read error"));
}

// Where a table keeps what RocksDB reads at open: damage there keeps the whole database from being
// opened, and must still be told as that table's.
TEST(RocksEngine, DamageAtTheEndOfATableIsNamed) {
    const TemporaryDirectory root;
    const std::string directory = root.path() + "/store";
    make_store(directory, true);
    const auto files = files_of(directory);
    const auto table = std::ranges::find_if(
        files, [](const std::filesystem::path& file) { return file.extension() == ".sst"; });
    ASSERT_NE(table, files.end());
    const std::filesystem::path path = directory / table->filename();
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff back = 1; back < std::min<std::streamoff>(size, 2000); back += 13) {
        const auto flip = [&] {
            stream.seekg(size - back);
            const auto byte = static_cast<char>(stream.get() ^ 1);
            stream.seekp(size - back);
            stream.put(byte).flush();
        };
        flip();
        const std::vector<std::string> problems = verify(directory);
        flip();
        EXPECT_TRUE(problems.empty() || problems.front().contains(table->filename().string()))
            << back << " from the end: " << problems.front();
    }
    EXPECT_TRUE(verify(directory).empty());
}

TEST(RocksEngine, WithoutCurrentNothingIsBegunAnew) {
    const TemporaryDirectory root;
    const std::string directory = root.path() + "/store";
    make_store(directory);
    std::filesystem::remove(directory + "/CURRENT");
    const auto before = files_of(directory);
    EXPECT_TRUE(Damage::outcome(directory).contains("CURRENT is missing"));
    EXPECT_EQ(files_of(directory), before);
    ASSERT_FALSE(verify(directory).empty());
    EXPECT_TRUE(verify(directory).front().contains("CURRENT is missing"));
}

// ---- a full disk

class FullFileSystem : public rocksdb::FileSystemWrapper {
public:
    explicit FullFileSystem(const std::atomic<bool>& full)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), full_(full) {}

    const char* Name() const override { return "FullFileSystem"; }
    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* context) override {
        if (full_) {
            return rocksdb::IOStatus::NoSpace("the test's disk is full");
        }
        return FileSystemWrapper::NewWritableFile(name, options, result, context);
    }

private:
    const std::atomic<bool>& full_;
};

// Writes until the engine refuses; what with.
base::Error refusal(Engine& engine) {
    for (int i = 0;; ++i) {
        const auto applied = engine.apply(put("more" + std::to_string(i), std::string(1000, 'x')));
        if (!applied) {
            return applied.error();
        }
    }
}

TEST(RocksEngine, AFullDiskIsToldAndRecoversWithSpace) {
    const TemporaryDirectory root;
    std::atomic<bool> full = false;
    const std::unique_ptr<rocksdb::Env> env =
        rocksdb::NewCompositeEnv(std::make_shared<FullFileSystem>(full));
    on_one_node([&](World& world) -> Task<void> {
        auto opened = co_await open_on(world, small_options(root.path() + "/store"), env.get());
        EXPECT_TRUE(opened.has_value());
        Engine& engine = **opened;
        EXPECT_TRUE(engine.apply(put("a", "1")));
        full = true;
        const auto flushed = co_await engine.flush();
        EXPECT_EQ(flushed.error().code, Errc::kFull) << flushed.error().detail;
        EXPECT_EQ(engine.durable().value, 0U);
        EXPECT_EQ(refusal(engine).code, Errc::kFull);
        full = false;
        const auto again = co_await engine.flush();
        EXPECT_TRUE(again.has_value()) << again.error().detail;
        EXPECT_TRUE(engine.apply(put("b", "2")).has_value());
        std::vector<base::Bytes> keys(1, "a");
        EXPECT_TRUE((co_await engine.prefetch(std::move(keys), nullptr)).has_value());
        EXPECT_EQ(engine.get("a", nullptr)->value, "1");
    });
}

// ---- the real world

Task<void> write_and_read(World& world, std::string directory, bool& ended) {
    auto opened = co_await open(world, small_options(std::move(directory)));
    EXPECT_TRUE(opened.has_value()) << opened.error().detail;
    co_await fill(**opened);
    EXPECT_GE((*opened)->durable().value, 10'000U);
    EXPECT_TRUE((co_await (*opened)->compact({})).has_value());
    std::vector<base::Bytes> keys(1, key(5000));
    EXPECT_TRUE((co_await (*opened)->prefetch(std::move(keys), nullptr)).has_value());
    EXPECT_EQ((*opened)->get(key(5000), nullptr)->value, "value 5000");
    EXPECT_GT((*opened)->stats().compactions, 0U);
    // A cancelled task leaves its work behind, which must outlive the engine.
    {
        world::Scope scope(world.scheduler());
        auto abandoned = [](Engine& engine) -> Task<void> {
            static_cast<void>(co_await engine.compact({}));
        };
        scope.spawn("abandoned", abandoned(**opened));
        co_await world.yield();
    }
    opened->reset();
    ended = true;
}

TEST(RocksEngine, WorksOnARealReactor) {
    const TemporaryDirectory root;
    std::filesystem::create_directories(root.path() + "/node");
    os::NodeOptions options;
    options.node = {1};
    options.cluster = {42};
    options.data_directory = root.path() + "/node";
    options.log_level = base::LogLevel::kError;
    auto node = os::Node::make(std::move(options));
    ASSERT_TRUE(node.has_value()) << node.error().detail;
    bool ended = false;
    (*node)->start(
        [&](World& world) { return write_and_read(world, root.path() + "/store", ended); });
    (*node)->join();
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace distkv::storage_rocksdb
