// One node of `distkv bench raft`, in a process of its own. It is told what to do by lines on its
// standard input, and answers by lines on its standard output:
//
//     start, stop      the clients of the groups that this node leads
//     stats            "stats led=1 asleep=0 committed=.. cpu_ns=.. ...": see NodeStats
//     wake             an entry for every group that it leads; "woke groups=.. us=.." when all are
//                      committed
//     (end of input)   ends
//
// By itself it says "ready", and "first group=.. term=.. at_ns=.." when a client's first entry of a
// term is committed here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "distkv/latencies.h"
#include "distkv/output.h"

namespace distkv::distkv {

struct BenchNode {
    std::uint64_t node = 1;
    std::vector<std::uint16_t> ports;  // Of all nodes, on the loopback.
    std::uint64_t groups = 1;
    std::uint64_t clients = 256;  // Of all groups; each node has all, and those of its groups work.
    std::size_t size = 1024;      // Of an entry.
    std::uint64_t poll_ms = 50;   // A client looks so often whether its group is led here.
    std::string data;
};

struct NodeStats {
    std::uint64_t led = 0;
    std::uint64_t asleep = 0;
    std::uint64_t committed = 0;  // By clients here.
    std::uint64_t failed = 0;
    std::uint64_t applied = 0;  // Entries, of anybody.
    std::uint64_t cpu_ns = 0;
    std::uint64_t syncs = 0;
    std::uint64_t log_bytes = 0;
    std::uint64_t frames = 0;
    std::uint64_t passes = 0;
    Latencies latencies;
};

std::string to_text(const NodeStats& stats);
base::Result<NodeStats> parse_stats(const std::string& line);

Exit run_bench_node(const BenchNode& options, const Output& output);

}  // namespace distkv::distkv
