// The log on a real disk, in a process that is killed while it writes.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <new>

#include <gtest/gtest.h>

#include "os/node.h"
#include "storage_log/log.h"

namespace distkv::storage_log {
namespace {

using world::Task;
using world::World;

constexpr std::uint64_t kWriters = 8;
constexpr std::uint64_t kEntriesBeforeTheKill = 200;  // Of one group, in each life.

// What the child tells, in memory that outlives it.
struct Told {
    std::atomic<std::uint64_t> acknowledged[kWriters];
    std::uint64_t enough = 0;  // Of the first group; the child then writes a byte to `pipe`.
    int pipe[2] = {-1, -1};
};

base::Bytes body_of(std::uint64_t group, std::uint64_t index) {
    return "group " + std::to_string(group) + " entry " + std::to_string(index) +
           base::Bytes(index % 700, '.');
}

void run_node(const std::string& directory, const os::Main& main) {
    auto node = os::Node::make(
        {.node = {1}, .data_directory = directory, .log_level = base::LogLevel::kOff});
    ASSERT_TRUE(node.has_value()) << node.error().detail;
    (*node)->start(main);
    (*node)->join();
}

Task<void> run_log(Log& log) {
    static_cast<void>(co_await log.run());
}

// From where the group stands, until somebody kills us.
Task<void> write_on(Log& log, GroupId group, Told& told) {
    const GroupLog* const known = log.find(group);
    bool says_when = group.value == 0;
    for (std::uint64_t index = known == nullptr ? 1 : known->last() + 1;; ++index) {
        std::vector<Record> records{entry(group, index, 3, body_of(group.value, index))};
        if (index % 50 == 0) {
            records.push_back(cut(group, index - 20, 3));
        }
        if (!co_await log.write(std::move(records))) {
            ::_exit(2);
        }
        told.acknowledged[group.value] = index;
        if (says_when && index >= told.enough) {
            says_when = false;
            if (::write(told.pipe[1], "x", 1) != 1) {
                ::_exit(3);
            }
        }
    }
}

void write_until_killed(const std::string& directory, Told& told) {
    run_node(directory, [&told](World& world) -> Task<void> {
        auto log = co_await Log::open(world, {.segment_bytes = 40'000});
        if (!log) {
            ::_exit(4);
        }
        world::Scope scope(world.scheduler());
        scope.spawn("log", run_log(**log));
        for (std::uint64_t group = 0; group < kWriters; ++group) {
            scope.spawn("writer", write_on(**log, {group}, told));
        }
        co_await scope.join();
    });
}

// All that was acknowledged, and of what was not, nothing but what was written.
void expect_all(const std::string& directory, const Told& told) {
    run_node(directory, [&told](World& world) -> Task<void> {
        auto log = co_await Log::open(world, {.segment_bytes = 40'000});
        EXPECT_TRUE(log.has_value());
        EXPECT_TRUE((*log)->recovery().damage.empty());
        for (std::uint64_t group = 0; group < kWriters; ++group) {
            const GroupLog* const found = (*log)->find({group});
            EXPECT_NE(found, nullptr);
            EXPECT_GE(found->last(), told.acknowledged[group]) << "group " << group;
            EXPECT_TRUE(found->is_whole());
            const IndexRange range{found->first(), found->last()};
            const auto read = co_await (*log)->read({group}, range, SIZE_MAX);
            EXPECT_TRUE(read.has_value());
            EXPECT_EQ(read->size(), range.last - range.first + 1);
            std::uint64_t index = range.first;
            for (const Record& record : *read) {
                EXPECT_EQ(record.body, body_of(group, index++));
            }
        }
    });
}

TEST(LogRealWorld, HasWhatItAcknowledgedAfterEachOfSeveralKills) {
    const auto directory =
        std::filesystem::temp_directory_path() / ("distkv_log_kill_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    void* const memory =
        ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    Told& told = *new (memory) Told();
    for (std::uint64_t kills = 1; kills <= 4; ++kills) {
        told.enough = kills * kEntriesBeforeTheKill;
        ASSERT_EQ(::pipe(told.pipe), 0);
        const pid_t child = ::fork();  // No thread runs here between two nodes.
        ASSERT_GE(child, 0);
        if (child == 0) {
            write_until_killed(directory.string(), told);
            ::_exit(1);
        }
        ::close(told.pipe[1]);
        char byte = 0;
        EXPECT_EQ(::read(told.pipe[0], &byte, 1), 1) << "the child ended by itself";
        ::close(told.pipe[0]);
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        expect_all(directory.string(), told);
    }
    ::munmap(memory, sizeof(Told));
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace distkv::storage_log
