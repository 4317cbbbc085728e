// RocksDB against what every engine promises. A crash is real: the process that writes is killed,
// at a seeded operation or in the middle of a seeded write of a file, and another one looks at what
// is left. A seed fixes operations and the place of the crash, not the schedule of RocksDB's
// threads.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "base/check.h"
#include "base/mutant.h"
#include "os/run_program.h"
#include "storage/versions_model_test.h"
#include "storage_rocksdb/rocks_stores_test.h"

namespace distkv::storage_rocksdb {
namespace {

using storage::conformance::Ledger;
using world::Task;
using world::World;
using namespace std::chrono_literals;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr int kSlowness = 10;
#else
constexpr int kSlowness = 1;
#endif
#endif

void run(Ledger& ledger, const std::string& root, std::size_t steps, int lives) {
    RocksStores stores(root);
    on_one_node([&](World& world) -> Task<void> {
        for (int i = 0; i < lives && ledger.problems.empty(); ++i) {
            co_await storage::conformance::live(world, stores, ledger, steps);
        }
    });
}

TEST(RocksConformance, RandomOperationsMatchTheModel) {
    std::map<std::string, std::uint64_t> done;
    for (std::uint64_t seed = 0; seed < 40 / kSlowness; ++seed) {
        const TemporaryDirectory directory;
        Ledger ledger{.seed = seed};
        run(ledger, directory.path(), 300, 2);
        ASSERT_TRUE(ledger.problems.empty()) << ledger.problems.front();
        for (const auto& [what, times] : ledger.done) {
            done[what] += times;
        }
    }
    for (const char* what : {"applied", "got", "get would block", "cursor would block", "compared",
                             "walks", "flushed", "compacted", "checkpoints", "batches lost"}) {
        EXPECT_GT(done[what], 3U) << what;
    }
}

TEST(RocksConformance, TheLargestValues) {
    const TemporaryDirectory directory;
    Ledger ledger{.seed = 7, .large_values_every = 10};
    run(ledger, directory.path(), 60, 2);
    ASSERT_TRUE(ledger.problems.empty()) << ledger.problems.front();
}

// The versioned store on RocksDB. It is opened anew now and then without having been flushed, so
// that it goes back to what RocksDB had flushed by itself.
TEST(VersionsOnRocks, MatchTheModel) {
    std::map<std::string, std::uint64_t> done;
    for (std::uint64_t seed = 0; seed < 60 / kSlowness; ++seed) {
        const TemporaryDirectory directory;
        RocksStores stores(directory.path());
        storage::versions::Ledger ledger{.seed = seed,
                                         .plan = storage::versions::make_plan(seed, 400)};
        on_one_node([&](World& world) -> Task<void> {
            co_await storage::versions::live(world, stores, ledger, 1200);
        });
        ASSERT_TRUE(ledger.problems.empty()) << ledger.problems.front();
        for (const auto& [what, times] : ledger.done) {
            done[what] += times;
        }
    }
    for (const char* what : {"applied", "arrivals lost", "would block", "versions collected",
                             "pasts checked", "scans", "sums checked"}) {
        EXPECT_GT(done[what], 5U) << what;
    }
}

// ---- crashes

// Kills this process when so many bytes have been appended to files.
class DeadlyFileSystem : public rocksdb::FileSystemWrapper {
public:
    explicit DeadlyFileSystem(std::int64_t bytes_left)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), bytes_left_(bytes_left) {}

    const char* Name() const override { return "DeadlyFileSystem"; }

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* context) override {
        const auto status = FileSystemWrapper::NewWritableFile(name, options, result, context);
        // The log of what RocksDB does is no data.
        if (status.ok() && !name.ends_with("/LOG")) {
            *result = std::make_unique<DeadlyFile>(std::move(*result), bytes_left_);
        }
        return status;
    }

private:
    class DeadlyFile : public rocksdb::FSWritableFileOwnerWrapper {
    public:
        DeadlyFile(std::unique_ptr<rocksdb::FSWritableFile> file,
                   std::atomic<std::int64_t>& bytes_left)
            : FSWritableFileOwnerWrapper(std::move(file)), bytes_left_(bytes_left) {}

        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context) override {
            die_within(data, options, context);
            return FSWritableFileOwnerWrapper::Append(data, options, context);
        }
        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                                 const rocksdb::DataVerificationInfo& verification,
                                 rocksdb::IODebugContext* context) override {
            die_within(data, options, context);
            return FSWritableFileOwnerWrapper::Append(data, options, verification, context);
        }

    private:
        void die_within(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                        rocksdb::IODebugContext* context) {
            const auto size = static_cast<std::int64_t>(data.size());
            const std::int64_t left = bytes_left_.fetch_sub(size);
            if (left >= 0 && left < size) {
                const rocksdb::Slice first(data.data(), static_cast<std::size_t>(left));
                static_cast<void>(FSWritableFileOwnerWrapper::Append(first, options, context));
                kill(getpid(), SIGKILL);
            }
        }

        std::atomic<std::int64_t>& bytes_left_;
    };

    std::atomic<std::int64_t> bytes_left_;
};

// What the writer tells the judge, in memory that both have.
struct Told {
    static constexpr std::size_t kBatchesMax = 1 << 16;
    std::atomic<std::uint64_t> applied = 0;
    std::atomic<std::uint64_t> floor = 0;
    std::atomic<std::uint32_t> lives[kBatchesMax] = {};
};

// In a child. Does not return.
void write_until_killed(std::uint64_t seed, const std::string& root, Told& told) {
    base::Rng rng = base::Rng(seed).fork("crash");
    const bool in_a_write = rng.chance(600'000);
    const std::size_t steps = in_a_write ? 100'000 : 1 + rng.below(150);
    const auto files = std::make_shared<DeadlyFileSystem>(in_a_write ? rng.between(0, 60'000)
                                                                     : std::int64_t{1} << 40);
    const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
    RocksStores stores(root, env.get());
    // A flush that was asked for ends between two of our batches; RocksDB's own may end anywhere.
    Ledger ledger{.seed = seed, .undisturbed = in_a_write && rng.chance(700'000)};
    ledger.tell = [&told](const Ledger& now) {
        CHECK(now.lives.size() < Told::kBatchesMax);
        told.lives[now.lives.size() - 1] = static_cast<std::uint32_t>(now.lives.back());
        told.applied = now.lives.size();
        told.floor = now.floor;
    };
    ledger.after_last_step = [] { kill(getpid(), SIGKILL); };
    on_one_node([&](World& world) -> Task<void> {
        co_await storage::conformance::live(world, stores, ledger, steps);
    });
    std::printf("%s\n", ledger.problems.empty() ? "the writer was not killed"
                                                : ledger.problems.front().c_str());
    std::fflush(stdout);
    _exit(1);
}

// In a child. Does not return.
void judge(std::uint64_t seed, const std::string& root, const Told& told) {
    Ledger ledger{.seed = seed, .life = 1'000'000, .floor = told.floor};
    for (std::uint64_t i = 0; i < told.applied; ++i) {
        ledger.lives.push_back(told.lives[i]);
    }
    run(ledger, root, 20, 1);
    if (!ledger.problems.empty()) {
        std::printf("%s\n", ledger.problems.front().c_str());
        std::fflush(stdout);
    }
    _exit(ledger.problems.empty() ? 0 : 1);
}

template <class Work>
int in_a_child(Work work) {
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

bool crash_once(std::uint64_t seed) {
    void* memory =
        mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Told& told = *new (memory) Told;
    const TemporaryDirectory directory;
    const int killed = in_a_child([&] { write_until_killed(seed, directory.path(), told); });
    bool well = WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL;
    if (well) {
        const int judged = in_a_child([&] { judge(seed, directory.path(), told); });
        well = WIFEXITED(judged) && WEXITSTATUS(judged) == 0;
    }
    if (!well) {
        std::printf("seed %llu failed\n", static_cast<unsigned long long>(seed));
    }
    munmap(memory, sizeof(Told));
    return well;
}

constexpr const char* kRole = "DISTKV_ROCKS_CRASHES";

// RocksDB's threads do not survive a fork, so the seeds run in a fresh process, which forks before
// it has any: this test starts itself again, with the number of seeds in the environment.
base::Result<std::string> run_crashes(int seeds, const std::string& bug) {
    return os::run_program(
        {.words = {"/usr/bin/env", "-u", "GTEST_OUTPUT",
                   std::string(kRole) + "=" + std::to_string(seeds), "DISTKV_MUTANT=" + bug,
                   std::filesystem::read_symlink("/proc/self/exe").string(),
                   "--gtest_filter=RocksConformance.CrashesGoBackToAFlushedPrefix"},
         .limit = 500s,
         .output_bytes_max = 100'000});
}

TEST(RocksConformance, CrashesGoBackToAFlushedPrefix) {
    const char* role = std::getenv(kRole);
    if (role == nullptr) {
        const auto ended = run_crashes(500 / kSlowness, "");
        EXPECT_TRUE(ended.has_value()) << ended.error().detail;
        return;
    }
    for (int seed = 0; seed < std::atoi(role); ++seed) {
        ASSERT_TRUE(crash_once(static_cast<std::uint64_t>(seed)));
    }
}

#if DISTKV_MUTANTS

// A mark outside its batch shows only when a flush of RocksDB's own threads comes between the two,
// which no seed decides: the engine in memory, under the same suite, shows that one.
TEST(RocksConformance, CatchesPlantedBugs) {
    const auto range = run_crashes(20, "engine_loses_range");
    EXPECT_FALSE(range.has_value());
}

#endif

}  // namespace
}  // namespace distkv::storage_rocksdb
