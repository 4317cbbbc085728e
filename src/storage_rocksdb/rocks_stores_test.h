// What the tests of this module share: temporary directories, a simulated machine whose engine is
// on the real disk, and the conformance suite's view of it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sim/planet.h"
#include "storage/engine_conformance_test.h"
#include "storage_rocksdb/rocks_store.h"

namespace distkv::storage_rocksdb {

class TemporaryDirectory {
public:
    // In memory where there is such a place: a process that is killed loses nothing that the kernel
    // has, so a disk would only be slower.
    TemporaryDirectory()
        : path_((std::filesystem::is_directory("/dev/shm") ? "/dev/shm/" : testing::TempDir()) +
                std::string("rocks-XXXXXX")) {
        EXPECT_NE(mkdtemp(path_.data()), nullptr);
    }
    ~TemporaryDirectory() {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

// Small memtables, so that much is written to the disk.
inline RocksOptions small_options(std::string directory) {
    return {.directory = std::move(directory),
            .cache_bytes = kCacheBytesMin,
            .memtable_bytes = std::size_t{64} << 10,
            .background_threads = 2};
}

class RocksStores : public storage::conformance::Stores {
public:
    explicit RocksStores(std::string root, rocksdb::Env* env = nullptr)
        : root_(std::move(root)), env_(env) {}

    world::Task<base::Result<std::unique_ptr<storage::Engine>>> open(world::World& world,
                                                                     std::string name) override {
        co_return co_await open_on(world, small_options(directory(name)), env_);
    }
    [[nodiscard]] std::string directory(const std::string& name) const override {
        return root_ + "/" + name;
    }

private:
    std::string root_;
    rocksdb::Env* env_;
};

// Runs `program` once, in simulated time; calls off the reactor run inline there.
inline void on_one_node(const sim::Program& program) {
    bool ended = false;
    sim::Planet planet({.seed = 1,
                        .sites = {{"here", {0, 0}}},
                        .length = std::chrono::hours(24),
                        .weather = sim::Weather::calm(),
                        .reactors_per_node = 1},
                       [&](world::World& world) -> world::Task<void> {
                           co_await program(world);
                           ended = true;
                           co_await world.sleep_for(std::chrono::hours(100));
                       });
    planet.run([&] { return ended; });
    EXPECT_TRUE(ended);
}

}  // namespace distkv::storage_rocksdb
