#include "distkv/bench_node.h"

#include <sys/resource.h>

#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "distkv/arguments.h"
#include "os/node.h"
#include "shard/blob_machine.h"
#include "shard/host.h"
#include "world/off_reactor.h"

namespace distkv::distkv {

using base::Result;
using raft::ReplicaId;
using shard::GroupId;
using shard::Host;
using world::Task;
using world::World;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kCluster = 0xBE7C;

// What a group of the benchmark agrees on: how much was written.
class Ledger : public shard::BlobMachine {
public:
    using BlobMachine::BlobMachine;

protected:
    void clear() override { entries_ = bytes_ = 0; }
    void apply(const raft::Entry& entry) override {
        ++entries_;
        bytes_ += entry.body.size();
    }
    [[nodiscard]] base::Bytes encode() const override {
        base::Encoder out;
        out.varint(entries_);
        out.varint(bytes_);
        return std::move(out).take();
    }
    Result<void> decode(base::ByteView state) override {
        base::Decoder in(state);
        entries_ = TRY(in.varint());
        bytes_ = TRY(in.varint());
        return in.finish();
    }

private:
    std::uint64_t entries_ = 0;
    std::uint64_t bytes_ = 0;
};

std::uint64_t cpu_ns() {
    rusage usage{};
    CHECK(::getrusage(RUSAGE_SELF, &usage) == 0);
    const auto ns = [](const timeval& time) {
        return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
               static_cast<std::uint64_t>(time.tv_usec) * 1'000;
    };
    return ns(usage.ru_utime) + ns(usage.ru_stime);
}

class Bench {
public:
    Bench(World& world, const BenchNode& options, const Output& output)
        : world_(world),
          options_(options),
          output_(output),
          entry_(raft::Body(base::Bytes(options.size, 'x'))) {}

    Task<void> run();

private:
    [[nodiscard]] shard::HostServices services();
    Task<Result<void>> create_groups();
    Task<void> listen();
    Task<void> obey(std::string line);
    Task<void> client(GroupId group);
    Task<void> wake();
    [[nodiscard]] NodeStats stats() const;
    void say(const std::string& line) { output_.out << line << '\n' << std::flush; }

    World& world_;
    const BenchNode& options_;
    const Output& output_;
    raft::Body entry_;
    std::unique_ptr<Host> host_;
    bool working_ = false;
    NodeStats counted_;
    std::map<GroupId, std::uint64_t> told_;  // The last term that was said.
    std::optional<world::Scope> tasks_;
};

shard::HostServices Bench::services() {
    return {.address_of = [](GroupId, ReplicaId replica) -> std::optional<world::Address> {
                return world::Address{{replica.value}, {0}};
            },
            .make_machine =
                [this](GroupId group, ReplicaId) {
                    return std::make_unique<Ledger>(world_, "groups/" + to_string(group));
                }};
}

Task<Result<void>> Bench::create_groups() {
    raft::Membership members;
    for (std::uint64_t node = 1; node <= options_.ports.size(); ++node) {
        members.voters.push_back({.id = ReplicaId{node}});
    }
    for (std::uint64_t group = 1; group <= options_.groups; ++group) {
        if (host_->find({group}) == nullptr) {
            CO_TRY(co_await host_->create({.group = {group},
                                           .replica = {options_.node},
                                           .witness = false,
                                           .membership = members}));
        }
    }
    co_return Result<void>();
}

Task<void> Bench::run() {
    auto host = co_await Host::open(world_, {}, services());
    if (!host) {
        say("failed " + to_string(host.error()));
        co_return;
    }
    host_ = *std::move(host);
    const Result<void> made = co_await create_groups();
    if (!made) {
        say("failed " + to_string(made.error()));
        co_return;
    }
    tasks_.emplace(world_.scheduler());
    tasks_->spawn("listen", listen());
    for (std::uint64_t i = 0; i < options_.clients; ++i) {
        tasks_->spawn("client", client({1 + i % options_.groups}));
    }
    say("ready");
    const Result<void> ran = co_await host_->run();
    if (!ran) {
        say("failed " + to_string(ran.error()));
    }
    tasks_.reset();
}

Task<void> Bench::listen() {
    for (;;) {
        const auto line = co_await world::off_reactor(world_, [] {
            std::string words;
            return std::getline(std::cin, words) ? std::optional(words) : std::nullopt;
        });
        if (!line) {
            world_.ask_to_stop();
            co_return;
        }
        co_await obey(*line);
    }
}

Task<void> Bench::obey(std::string line) {
    if (line == "start" || line == "stop") {
        working_ = line == "start";
    } else if (line == "stats") {
        say(to_text(stats()));
    } else if (line == "wake") {
        co_await wake();
    }
}

Task<void> Bench::client(GroupId group) {
    for (;;) {
        const shard::Group* here = host_->find(group);
        if (!working_ || here == nullptr || here->core.role() != raft::Role::kLeader) {
            co_await world_.sleep_for(std::chrono::milliseconds(options_.poll_ms));
            continue;
        }
        const time::MonoTime begun = world_.mono_now();
        const auto at = co_await host_->propose(group, entry_);
        if (!at) {
            ++counted_.failed;
            co_await world_.sleep_for(std::chrono::milliseconds(options_.poll_ms));
            continue;
        }
        const time::MonoTime now = world_.mono_now();
        ++counted_.committed;
        counted_.latencies.add(now - begun);
        if (told_[group] < at->term) {
            told_[group] = at->term;
            say("first group=" + to_string(group) + " term=" + std::to_string(at->term) +
                " at_ns=" + std::to_string(now.time_since_epoch().count()));
        }
    }
}

Task<void> Bench::wake() {
    const time::MonoTime begun = world_.mono_now();
    std::uint64_t committed = 0;
    world::Scope all(world_.scheduler());
    for (const GroupId id : host_->groups()) {
        if (host_->find(id)->core.role() == raft::Role::kLeader) {
            all.spawn(
                "wake",
                [](Host& host, GroupId group, raft::Body entry, std::uint64_t& done) -> Task<void> {
                    done += co_await host.propose(group, std::move(entry)) ? 1 : 0;
                }(*host_, id, entry_, committed));
        }
    }
    co_await all.join();
    say("woke groups=" + std::to_string(committed) +
        " us=" + std::to_string((world_.mono_now() - begun) / 1us));
}

NodeStats Bench::stats() const {
    NodeStats stats = counted_;
    for (const GroupId id : host_->groups()) {
        stats.led += host_->find(id)->core.role() == raft::Role::kLeader ? 1 : 0;
    }
    stats.asleep = host_->sleeping();
    stats.applied = host_->counts().entries_applied;
    stats.frames = host_->counts().frames_sent;
    stats.passes = host_->counts().passes;
    stats.syncs = host_->log().counts().syncs;
    stats.log_bytes = host_->log().counts().bytes;
    stats.cpu_ns = cpu_ns();
    return stats;
}

}  // namespace

std::string to_text(const NodeStats& stats) {
    std::ostringstream out;
    out << "stats led=" << stats.led << " asleep=" << stats.asleep
        << " committed=" << stats.committed << " failed=" << stats.failed
        << " applied=" << stats.applied << " cpu_ns=" << stats.cpu_ns << " syncs=" << stats.syncs
        << " log_bytes=" << stats.log_bytes << " frames=" << stats.frames
        << " passes=" << stats.passes << " latencies=" << stats.latencies.text();
    return out.str();
}

Result<NodeStats> parse_stats(const std::string& line) {
    NodeStats stats;
    const std::pair<const char*, std::uint64_t*> fields[] = {
        {"led", &stats.led},       {"asleep", &stats.asleep},       {"committed", &stats.committed},
        {"failed", &stats.failed}, {"applied", &stats.applied},     {"cpu_ns", &stats.cpu_ns},
        {"syncs", &stats.syncs},   {"log_bytes", &stats.log_bytes}, {"frames", &stats.frames},
        {"passes", &stats.passes}};
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != "stats") {
        return base::fail(base::Errc::kInvalid, "expected a line of stats, not: " + line);
    }
    while (words >> word) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            return base::fail(base::Errc::kInvalid, "expected name=value, not: " + word);
        }
        const std::string name = word.substr(0, equals);
        const std::string value = word.substr(equals + 1);
        if (name == "latencies") {
            stats.latencies = TRY(Latencies::parse(value));
            continue;
        }
        for (const auto& [field, into] : fields) {
            if (name == field) {
                *into = TRY(parse_whole(value, {}));
            }
        }
    }
    return stats;
}

Exit run_bench_node(const BenchNode& options, const Output& output) {
    if (options.node < 1 || options.node > options.ports.size()) {
        return complain(output, Exit::kBadUsage,
                        "--node " + std::to_string(options.node) + " has no port among --ports");
    }
    os::NodeOptions node_options{.node = {options.node}, .cluster = {kCluster}, .reactors = 1};
    node_options.data_directory = options.data;
    node_options.listen = os::Endpoint{"127.0.0.1", options.ports.at(options.node - 1)};
    for (std::size_t i = 0; i < options.ports.size(); ++i) {
        if (i + 1 != options.node) {
            node_options.peers[{{i + 1}, {0}}] = os::Endpoint{"127.0.0.1", options.ports[i]};
        }
    }
    node_options.grace = 1s;
    node_options.log_level = base::LogLevel::kError;
    auto node = os::Node::make(std::move(node_options));
    if (!node) {
        output.out << "failed " << to_string(node.error()) << std::endl;
        return Exit::kRefused;
    }
    (*node)->start([&options, &output](World& world) -> Task<void> {
        Bench bench(world, options, output);
        co_await bench.run();
    });
    (*node)->join();
    return Exit::kFine;
}

}  // namespace distkv::distkv
