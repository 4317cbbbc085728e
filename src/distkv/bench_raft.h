// `distkv bench raft`: real processes on the loopback, real disks, and what they manage.
#pragma once

#include <cstdint>
#include <string>

#include "distkv/output.h"
#include "time/instant.h"

namespace distkv::distkv {

struct BenchRaft {
    std::size_t nodes = 3;
    std::uint64_t groups = 1;
    std::uint64_t clients = 256;
    std::size_t size = 1024;
    time::Duration length = std::chrono::seconds(10);
    bool idle = false;        // No clients: what groups that sleep cost, and how fast they wake.
    std::uint64_t kills = 0;  // No figures of throughput: how long until a new leader commits.
    std::string data;         // A directory; empty: a new one here, removed in the end.
    bool json = false;
    std::string program;  // What the nodes run, `bench raft-node`; empty: this program itself.
};

inline constexpr std::size_t kBenchNodesMax = 9;
inline constexpr std::uint64_t kBenchGroupsMax = 10'000;
inline constexpr std::uint64_t kBenchClientsMax = 100'000;
inline constexpr std::uint64_t kBenchKillsMax = 1000;
inline constexpr std::size_t kBenchSizeMax = std::size_t{1} << 20;

Exit run_bench_raft(const BenchRaft& options, const Output& output);

}  // namespace distkv::distkv
