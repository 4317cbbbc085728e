#include "distkv/bench_raft.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <utility>
#include <vector>

#include "distkv/arguments.h"
#include "distkv/bench_cluster.h"
#include "distkv/json.h"
#include "distkv/number_text.h"
#include "distkv/progress.h"
#include "distkv/stopwatch.h"
#include "distkv/table.h"

namespace distkv::distkv {

using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kElectionPatience = 60s;
constexpr time::Duration kWarmUp = 2s;
constexpr std::size_t kNodesThatSurviveOne = 3;
constexpr std::uint64_t kPollMs = 50;
constexpr std::uint64_t kPollMsOfKills = 2;

// The figures that were asked for (of a small machine; larger ones have room).
constexpr double kEntriesPerSecondMin = 25'000;
constexpr double kIdleCoreShareMax = 0.01;
constexpr time::Duration kWakeMax = 2s;
constexpr time::Duration kFailoverMax = 1500ms;

// Removed when it was ours.
class DataDirectory {
public:
    DataDirectory(std::string path, bool is_ours) : path_(std::move(path)), is_ours_(is_ours) {}
    DataDirectory(DataDirectory&& other) noexcept
        : path_(std::move(other.path_)), is_ours_(std::exchange(other.is_ours_, false)) {}
    DataDirectory& operator=(DataDirectory&&) = delete;
    ~DataDirectory() {
        std::error_code ignored;
        if (is_ours_) {
            std::filesystem::remove_all(path_, ignored);
        }
    }

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    bool is_ours_;
};

Result<DataDirectory> data_directory(const BenchRaft& options) {
    if (!options.data.empty()) {
        std::error_code error;
        std::filesystem::create_directories(options.data, error);
        if (error || !std::filesystem::is_empty(options.data, error)) {
            return fail(Errc::kInvalid, "--data " + options.data +
                                            ": an empty directory, or a new one, would be right");
        }
        return DataDirectory(options.data, false);
    }
    std::string name = "distkv-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return fail(Errc::kInvalid,
                    "cannot make a directory here; --data DIR names a place where it is possible");
    }
    return DataDirectory(std::move(name), true);
}

double seconds(time::Duration span) {
    return std::chrono::duration<double>(span).count();
}

// A row of the table, and a member of the JSON.
struct Figure {
    std::string name;
    std::string text;
    Json value;
    bool missed = false;
};

Result<void> validate(const BenchRaft& options) {
    if (options.kills > 0 && options.idle) {
        return fail(Errc::kInvalid,
                    "--kills and --idle are two measurements; one of them at a time");
    }
    if (options.kills > 0 && options.nodes < kNodesThatSurviveOne) {
        return fail(
            Errc::kInvalid,
            "--kills needs a majority without the leader; --nodes 3 or more would be right");
    }
    return {};
}

class Bench {
public:
    Bench(const BenchRaft& options, const Output& output) : options_(options), output_(output) {}

    Result<void> run(const std::string& data);
    Exit print() const;

private:
    Result<void> run_load(BenchCluster& cluster);
    Result<void> run_idle(BenchCluster& cluster);
    Result<void> run_kills(BenchCluster& cluster);
    void figure(std::string name, std::string text, Json value, bool missed = false) {
        figures_.push_back({std::move(name), std::move(text), std::move(value), missed});
    }
    void say(const std::string& what) const {
        if (output_.err_terminal) {
            output_.err << what << "\n" << std::flush;
        }
    }

    BenchRaft options_;
    const Output& output_;
    std::vector<Figure> figures_;
};

Result<void> Bench::run(const std::string& data) {
    for (std::size_t i = 1; i <= options_.nodes; ++i) {
        std::filesystem::create_directories(data + "/node-" + std::to_string(i));
    }
    say("starting " + std::to_string(options_.nodes) + " nodes ...");
    const bool kills = options_.kills > 0;
    const auto cluster = TRY(BenchCluster::start(options_, data, kills ? kPollMsOfKills : kPollMs));
    static_cast<void>(TRY(
        cluster->wait_until(kElectionPatience, "leaders for all groups",
                            [this](const NodeStats& all) { return all.led >= options_.groups; })));
    if (kills) {
        return run_kills(*cluster);
    }
    return options_.idle ? run_idle(*cluster) : run_load(*cluster);
}

Result<void> Bench::run_load(BenchCluster& cluster) {
    TRY(cluster.tell_all("start"));
    cluster.rest(kWarmUp);
    say("measuring for " + exact_text(options_.length) + " ...");
    const NodeStats before = TRY(cluster.stats());
    const Stopwatch watch;
    cluster.rest(options_.length);
    NodeStats after = TRY(cluster.stats());
    const double took = seconds(watch.elapsed());
    after.latencies.subtract(before.latencies);
    const auto committed = static_cast<double>(after.committed - before.committed);
    const double rate = committed / took;
    figure("entries a second", grouped(static_cast<std::uint64_t>(rate)), Json(rate),
           rate < kEntriesPerSecondMin);
    for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}}) {
        const time::Duration at = after.latencies.at_share(share);
        figure(std::string("latency ") + name, short_text(at), Json(seconds(at) * 1000));
    }
    const double syncs = static_cast<double>(after.syncs - before.syncs) / took;
    figure("syncs a second", grouped(static_cast<std::uint64_t>(syncs)) + ", all nodes",
           Json(syncs));
    const double cpu = static_cast<double>(after.cpu_ns - before.cpu_ns) / 1000;
    figure("CPU an entry", fixed_decimals(cpu / std::max(1.0, committed), 1) + " us, all nodes",
           Json(cpu / std::max(1.0, committed)));
    figure("cores busy", fixed_decimals(cpu / 1e6 / took, 2), Json(cpu / 1e6 / took));
    const double bytes = static_cast<double>(after.log_bytes - before.log_bytes);
    figure("written to logs", fixed_decimals(bytes / 1e6 / took, 1) + " MB a second",
           Json(bytes / 1e6 / took));
    figure(
        "entries a frame",
        fixed_decimals(
            committed / std::max<double>(1, static_cast<double>(after.frames - before.frames)), 1),
        Json(committed / std::max<double>(1, static_cast<double>(after.frames - before.frames))));
    figure("failed", grouped(after.failed - before.failed), Json(after.failed - before.failed));
    return {};
}

Result<void> Bench::run_idle(BenchCluster& cluster) {
    say("waiting until all groups sleep ...");
    static_cast<void>(TRY(cluster.wait_until(
        kElectionPatience, "all groups asleep on all nodes",
        [this](const NodeStats& all) { return all.asleep >= options_.groups * options_.nodes; })));
    cluster.rest(1s);
    const NodeStats before = TRY(cluster.stats());
    const Stopwatch watch;
    cluster.rest(options_.length);
    const NodeStats after = TRY(cluster.stats());
    const double cpu = static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e9 /
                       seconds(watch.elapsed()) / static_cast<double>(options_.nodes);
    figure("asleep", grouped(after.asleep) + " replicas", Json(after.asleep));
    figure("of a core, each node", fixed_decimals(100 * cpu, 2) + " %", Json(cpu),
           cpu > kIdleCoreShareMax);
    figure("written to logs",
           grouped(after.log_bytes - before.log_bytes) + " bytes, " +
               grouped(after.syncs - before.syncs) + " syncs",
           Json(after.log_bytes - before.log_bytes), after.log_bytes != before.log_bytes);
    const BenchCluster::Woken woken = TRY(cluster.wake_all());
    figure("waking all",
           short_text(woken.slowest) + " until " + grouped(woken.groups) +
               " groups had committed an entry",
           Json(seconds(woken.slowest)),
           woken.slowest > kWakeMax || woken.groups < options_.groups);
    return {};
}

Result<void> Bench::run_kills(BenchCluster& cluster) {
    TRY(cluster.tell_all("start"));
    cluster.rest(kWarmUp);
    Progress progress(output_, "kills", options_.kills);
    const Stopwatch watch;
    std::vector<time::Duration> took;
    for (std::uint64_t i = 0; i < options_.kills; ++i) {
        took.push_back(TRY(cluster.kill_leader()));
        // Everybody is back, and has what was written meanwhile.
        static_cast<void>(TRY(cluster.wait_until(
            kElectionPatience, "a leader", [](const NodeStats& all) { return all.led == 1; })));
        cluster.rest(1s);
        progress.show(i + 1, watch.elapsed());
    }
    std::ranges::sort(took);
    const time::Duration median = took[took.size() / 2];
    figure("leaders killed", grouped(options_.kills), Json(options_.kills));
    figure("until a new one commits, median", short_text(median), Json(seconds(median)));
    figure("worst", short_text(took.back()), Json(seconds(took.back())),
           took.back() > kFailoverMax);
    return {};
}

Exit Bench::print() const {
    const bool missed =
        std::ranges::any_of(figures_, [](const Figure& figure) { return figure.missed; });
    if (options_.json) {
        Json::Object object{{"nodes", static_cast<std::uint64_t>(options_.nodes)},
                            {"groups", options_.groups},
                            {"clients", options_.clients},
                            {"size", static_cast<std::uint64_t>(options_.size)}};
        for (const Figure& figure : figures_) {
            object.emplace_back(figure.name, figure.value);
        }
        object.emplace_back("missed", missed);
        output_.out << Json(std::move(object)).line() << std::endl;
        return missed ? Exit::kRefused : Exit::kFine;
    }
    output_.out << painted("raft", Tone::kBold, output_.out_colours) << ": " << options_.nodes
                << " nodes, " << counted(options_.groups, "group") << ", " << options_.clients
                << " clients, entries of " << options_.size << " bytes\n\n";
    Table table({{"figure"}, {"measured"}});
    for (const Figure& figure : figures_) {
        table.row({figure.name, {figure.text, figure.missed ? Tone::kBad : Tone::kPlain}});
    }
    table.print(output_.out, output_.out_colours);
    if (missed) {
        output_.out << "\na figure in red misses what it should be: docs/raft-bench.md\n";
    }
    output_.out << std::flush;
    return missed ? Exit::kRefused : Exit::kFine;
}

}  // namespace

Exit run_bench_raft(const BenchRaft& options, const Output& output) {
    if (const Result<void> valid = validate(options); !valid) {
        return complain(output, Exit::kBadUsage, valid.error().detail);
    }
    const Result<DataDirectory> data = data_directory(options);
    if (!data) {
        return complain(output, Exit::kBadUsage, data.error().detail);
    }
    BenchRaft chosen = options;
    if (options.kills > 0) {
        chosen.groups = 1;
        chosen.clients = std::min<std::uint64_t>(options.clients, 8);
    }
    if (options.idle) {
        chosen.clients = 0;
    }
    Bench bench(chosen, output);
    const Result<void> ran = bench.run(data->path());
    if (!ran) {
        return complain(output, Exit::kRefused, ran.error().detail);
    }
    return bench.print();
}

}  // namespace distkv::distkv
