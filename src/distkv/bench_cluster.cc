#include "distkv/bench_cluster.h"

#include <poll.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "os/endpoint.h"

namespace distkv::distkv {

using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

namespace {

constexpr time::Duration kStartPatience = 60s;
constexpr time::Duration kAnswerPatience = 30s;

// Free at this moment: asked from the system, and given back.
Result<std::vector<std::uint16_t>> free_ports(std::size_t count) {
    std::vector<os::Fd> held;
    std::vector<std::uint16_t> ports;
    for (std::size_t i = 0; i < count; ++i) {
        held.push_back(TRY(os::listen_at({.host = "127.0.0.1", .port = 0})));
        ports.push_back(TRY(os::port_of(held.back())));
    }
    return ports;
}

std::uint64_t number_after(const std::string& line, const std::string& name) {
    const std::size_t at = line.find(" " + name + "=");
    std::uint64_t number = 0;
    if (at != std::string::npos) {
        std::istringstream(line.substr(at + name.size() + 2)) >> number;
    }
    return number;
}

void add(NodeStats& all, const NodeStats& one) {
    all.led += one.led;
    all.asleep += one.asleep;
    all.committed += one.committed;
    all.failed += one.failed;
    all.applied += one.applied;
    all.cpu_ns += one.cpu_ns;
    all.syncs += one.syncs;
    all.log_bytes += one.log_bytes;
    all.frames += one.frames;
    all.passes += one.passes;
    all.latencies.add(one.latencies);
}

}  // namespace

Result<std::unique_ptr<BenchCluster>> BenchCluster::start(const BenchRaft& options,
                                                          std::string data, std::uint64_t poll_ms) {
    std::unique_ptr<BenchCluster> cluster(new BenchCluster(options, std::move(data), poll_ms));
    cluster->ports_ = TRY(free_ports(options.nodes));
    cluster->nodes_.resize(options.nodes);
    for (std::size_t i = 0; i < options.nodes; ++i) {
        TRY(cluster->start_node(i));
    }
    for (std::size_t i = 0; i < options.nodes; ++i) {
        static_cast<void>(TRY(cluster->hear(i, "ready", kStartPatience)));
    }
    return cluster;
}

Result<void> BenchCluster::start_node(std::size_t index) {
    std::string ports;
    for (const std::uint16_t port : ports_) {
        ports += (ports.empty() ? "" : ",") + std::to_string(port);
    }
    nodes_[index] = std::make_unique<os::Child>(TRY(os::Child::start(
        {options_.program.empty() ? os::own_path() : options_.program, "bench", "raft-node",
         "--node", std::to_string(index + 1), "--ports", ports, "--groups",
         std::to_string(options_.groups), "--clients", std::to_string(options_.clients), "--size",
         std::to_string(options_.size), "--poll-ms", std::to_string(poll_ms_), "--data",
         data_ + "/node-" + std::to_string(index + 1)})));
    return {};
}

// The next line that begins so; what else was said is passed over.
Result<std::string> BenchCluster::hear(std::size_t index, const std::string& begin,
                                       time::Duration patience) {
    const time::MonoTime end = os::mono_now() + patience;
    for (;;) {
        std::string line =
            TRY(nodes_[index]->hear(std::max(time::Duration{}, end - os::mono_now())));
        if (line.starts_with("failed")) {
            return fail(Errc::kRetry, "node " + std::to_string(index + 1) + " " + line);
        }
        if (line.starts_with(begin)) {
            return line;
        }
    }
}

Result<void> BenchCluster::tell_all(const std::string& line) {
    for (const auto& node : nodes_) {
        TRY(node->tell(line));
    }
    return {};
}

Result<NodeStats> BenchCluster::stats(std::vector<std::uint64_t>* led_by) {
    TRY(tell_all("stats"));
    NodeStats all;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const NodeStats one = TRY(parse_stats(TRY(hear(i, "stats", kAnswerPatience))));
        add(all, one);
        if (led_by != nullptr) {
            led_by->push_back(one.led);
        }
    }
    return all;
}

void BenchCluster::rest(time::Duration span) {
    ::poll(nullptr, 0, static_cast<int>(span / 1ms));
}

Result<time::Duration> BenchCluster::kill_leader() {
    std::vector<std::uint64_t> led_by;
    static_cast<void>(TRY(stats(&led_by)));
    const auto leader = std::ranges::find(led_by, 1U);
    if (leader == led_by.end()) {
        return fail(Errc::kRetry, "nobody leads");
    }
    const auto victim = static_cast<std::size_t>(leader - led_by.begin());
    const time::MonoTime killed = os::mono_now();
    nodes_[victim]->kill();
    const time::MonoTime end = killed + kAnswerPatience;
    std::optional<time::Duration> took;
    while (!took && os::mono_now() < end) {
        for (std::size_t i = 0; i < nodes_.size() && !took; ++i) {
            const auto line =
                i == victim ? Result<std::string>(fail(Errc::kRetry, "")) : hear(i, "first", 5ms);
            const auto at = line ? static_cast<std::int64_t>(number_after(*line, "at_ns")) : 0;
            if (time::MonoTime(time::Duration(at)) > killed) {
                took = time::MonoTime(time::Duration(at)) - killed;
            }
        }
    }
    TRY(start_node(victim));
    static_cast<void>(TRY(hear(victim, "ready", kStartPatience)));
    TRY(nodes_[victim]->tell("start"));
    if (!took) {
        return fail(Errc::kRetry, "nobody took over");
    }
    return *took;
}

Result<BenchCluster::Woken> BenchCluster::wake_all() {
    TRY(tell_all("wake"));
    Woken woken;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const std::string line = TRY(hear(i, "woke", kAnswerPatience));
        woken.groups += number_after(line, "groups");
        woken.slowest = std::max<time::Duration>(
            woken.slowest, std::chrono::microseconds(number_after(line, "us")));
    }
    return woken;
}

}  // namespace distkv::distkv
