// What durability costs: a 512-byte append and a sync through world::Disk (two hops to file threads
// and back) beside a thread that calls pwrite and fdatasync itself, in one run.
//
// Usage: os_sync_bench [--json] [--seconds S] [--repetitions N] [--directory D]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "os/node.h"

namespace {

using namespace distkv;
using namespace std::chrono_literals;
using base::Bytes;

struct Settings {
    bool json = false;
    double seconds = 1.0;
    int repetitions = 5;
    std::string directory = std::filesystem::temp_directory_path();
};

double now() {
    timespec reading{};
    CHECK(::clock_gettime(CLOCK_MONOTONIC, &reading) == 0);
    return static_cast<double>(reading.tv_sec) + 1e-9 * static_cast<double>(reading.tv_nsec);
}

struct Latency {
    double p50_us = 0;
    double p99_us = 0;
};

Latency latency_of(std::vector<double> seconds) {
    std::ranges::sort(seconds);
    const auto at = [&seconds](double part) {
        const auto place = static_cast<std::size_t>(part * static_cast<double>(seconds.size()));
        return 1e6 * seconds[std::min(place, seconds.size() - 1)];
    };
    return {.p50_us = at(0.5), .p99_us = at(0.99)};
}

Latency bare_sync(const Settings& settings, const std::string& directory) {
    const int fd = ::open((directory + "/bare").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    const std::string data(512, 'x');
    std::vector<double> took;
    const double end = now() + settings.seconds;
    for (off_t at = 0; took.empty() || now() < end; at += 512) {
        const double start = now();
        CHECK(::pwrite(fd, data.data(), data.size(), at) == 512);
        CHECK(::fdatasync(fd) == 0);
        took.push_back(now() - start);
    }
    ::close(fd);
    return latency_of(std::move(took));
}

Latency our_sync(const Settings& settings, const std::string& directory) {
    std::vector<double> took;
    auto made = os::Node::make(
        {.node = {1}, .data_directory = directory, .log_level = base::LogLevel::kError});
    CHECK(made.has_value());
    const auto& node = *made;
    node->start([&](world::World& world) -> world::Task<void> {
        auto file = co_await world.disk().open("ours", world::OpenMode::kCreate);
        CHECK(file.has_value());
        const double end = now() + settings.seconds;
        while (took.empty() || now() < end) {
            const double start = now();
            const auto appended = co_await (*file)->append(Bytes(512, 'x'));
            CHECK(appended.has_value());
            const auto synced = co_await (*file)->sync();
            CHECK(synced.has_value());
            took.push_back(now() - start);
        }
    });
    node->join();
    return latency_of(std::move(took));
}

Latency median(std::vector<Latency> all) {
    std::ranges::sort(all, {}, &Latency::p50_us);
    return all[all.size() / 2];
}

void report(const Settings& settings) {
    const std::string directory = settings.directory + "/distkv_bench";
    std::filesystem::create_directories(directory);
    std::vector<Latency> our_runs;
    std::vector<Latency> bare_runs;
    for (int i = 0; i < settings.repetitions; ++i) {
        bare_runs.push_back(bare_sync(settings, directory));
        our_runs.push_back(our_sync(settings, directory));
    }
    std::filesystem::remove_all(directory);
    const Latency our = median(our_runs);
    const Latency yard = median(bare_runs);
    std::printf(settings.json
                    ? "{\"bench\":\"os_sync\",\"p50_us\":%.1f,\"p99_us\":%.1f,"
                      "\"bare_p50_us\":%.1f,\"bare_p99_us\":%.1f,\"ratio\":%.3f}\n"
                    : "append and sync: ours p50 %.0f us, p99 %.0f us; bare p50 %.0f us, p99 %.0f "
                      "us; ratio of the medians %.2f\n",
                our.p50_us, our.p99_us, yard.p50_us, yard.p99_us, our.p50_us / yard.p50_us);
}

Settings parse(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : "";
        if (word == "--json") {
            settings.json = true;
            continue;
        }
        if (word == "--seconds") {
            settings.seconds = std::clamp(std::atof(value), 0.05, 60.0);
        } else if (word == "--repetitions") {
            settings.repetitions = std::clamp(std::atoi(value), 1, 100);
        } else if (word == "--directory") {
            settings.directory = value;
        } else {
            std::fprintf(stderr,
                         "usage: %s [--json] [--seconds S] [--repetitions N] [--directory D]\n",
                         argv[0]);
            std::exit(2);
        }
        ++i;
    }
    return settings;
}

}  // namespace

int main(int argc, char** argv) {
    report(parse(argc, argv));
    return 0;
}
