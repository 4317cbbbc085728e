// What the shared log carries on this disk: writers that each wait for their own entry, beside a
// bare loop that appends and syncs the same bytes with the same grouping, in one run.
//
// Usage: storage_log_log_bench [DIRECTORY]
#include "storage_log/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "os/node.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;
using storage_log::Log;

constexpr double kSeconds = 0.8;
constexpr int kRepetitions = 5;
constexpr std::size_t kEntryBytes = 256;

double read_clock(clockid_t clock) {
    timespec reading{};
    CHECK(::clock_gettime(clock, &reading) == 0);
    return static_cast<double>(reading.tv_sec) + 1e-9 * static_cast<double>(reading.tv_nsec);
}

struct Outcome {
    double entries_per_second = 0;
    double cpu_us = 0;  // Of the process, an entry.
    double entries_per_sync = 0;
    std::size_t block_bytes = 0;
};

world::Task<void> writer(Log& log, storage_log::GroupId group, double end, std::uint64_t& written) {
    for (std::uint64_t index = 1; read_clock(CLOCK_MONOTONIC) < end; ++index) {
        const auto done = co_await log.write(
            {storage_log::entry(group, index, 1, base::Bytes(kEntryBytes, 'x'))});
        CHECK(done.has_value());
        ++written;
    }
}

world::Task<void> run_log(Log& log) {
    static_cast<void>(co_await log.run());
}

Outcome ours(const std::string& directory, std::size_t writers) {
    std::filesystem::create_directories(directory);
    Outcome outcome;
    auto node = os::Node::make(
        {.node = {1}, .data_directory = directory, .log_level = base::LogLevel::kError});
    CHECK(node.has_value());
    (*node)->start([&](world::World& world) -> world::Task<void> {
        auto log = co_await Log::open(world, {});
        CHECK(log.has_value());
        world::Scope running(world.scheduler());
        running.spawn("log", run_log(**log));
        std::uint64_t written = 0;
        const double began = read_clock(CLOCK_MONOTONIC);
        const double cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
        {
            world::Scope scope(world.scheduler());
            for (std::size_t i = 0; i < writers; ++i) {
                scope.spawn("writer", writer(**log, {i + 1}, began + kSeconds, written));
            }
            co_await scope.join();
        }
        const double took = read_clock(CLOCK_MONOTONIC) - began;
        const auto entries = static_cast<double>(written);
        const storage_log::LogCounts& counts = (*log)->counts();
        outcome = {entries / took, 1e6 * (read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu) / entries,
                   entries / static_cast<double>(counts.blocks),
                   static_cast<std::size_t>(counts.bytes / counts.blocks)};
    });
    (*node)->join();
    std::filesystem::remove_all(directory);
    return outcome;
}

// Entries a second if each sync carries as many as ours did.
double bare(const std::string& directory, const Outcome& grouping) {
    std::filesystem::create_directories(directory);
    const int fd = ::open((directory + "/bare").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    const std::string block(grouping.block_bytes, 'x');
    const double began = read_clock(CLOCK_MONOTONIC);
    double syncs = 0;
    double took = 0;
    for (off_t at = 0; took < kSeconds; at += static_cast<off_t>(block.size())) {
        CHECK(::pwrite(fd, block.data(), block.size(), at) == static_cast<ssize_t>(block.size()));
        CHECK(::fdatasync(fd) == 0);
        ++syncs;
        took = read_clock(CLOCK_MONOTONIC) - began;
    }
    ::close(fd);
    std::filesystem::remove_all(directory);
    return syncs / took * grouping.entries_per_sync;
}

template <class T>
double median(std::vector<T> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const std::string base = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
    const std::string directory = base + "/distkv_log_bench";
    std::printf("%8s %12s %12s %8s %14s %12s\n", "writers", "entries/s", "bare/s", "ratio",
                "entries/sync", "CPU us each");
    for (const std::size_t writers : {1, 16, 256}) {
        std::vector<double> our;
        std::vector<double> yard;
        std::vector<double> ratio;
        Outcome last;
        std::vector<double> cpu;
        for (int i = 0; i < kRepetitions; ++i) {
            last = ours(directory, writers);
            our.push_back(last.entries_per_second);
            cpu.push_back(last.cpu_us);
            yard.push_back(bare(directory, last));
            ratio.push_back(our.back() / yard.back());
        }
        std::printf("%8zu %12.0f %12.0f %8.2f %14.1f %12.1f\n", writers, median(our), median(yard),
                    median(ratio), last.entries_per_sync, median(cpu));
    }
    std::printf("%zu-byte entries; median of %d; target: ratio >= 0.9\n", kEntryBytes,
                kRepetitions);
    return 0;
}
