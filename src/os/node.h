// One node of the real world: its reactors, each on a thread of its own, its file threads, its
// sockets and its data directory.
//
//     make()  binds, opens, loads: every mistake in the options is an error here
//     start() starts a main function on every reactor
//     join()  returns when all of them have ended
//     stop()  asks them to (any thread); after the grace period those still there are cancelled
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "os/endpoint.h"
#include "os/peering.h"
#include "os/reactor.h"
#include "os/signals.h"
#include "os/tls.h"

namespace distkv::os {

struct NodeOptions {
    base::NodeId node;
    wire::ClusterId cluster;
    std::size_t reactors = 1;

    std::string data_directory;  // Empty: none.

    // Reactor i listens at port + i, or each at a free port when it is 0. None: nobody can call.
    std::optional<Endpoint> listen;
    std::map<world::Address, Endpoint> peers;
    std::optional<TlsOptions> tls;
    NetworkOptions network;

    std::optional<std::uint64_t> seed;  // None: from the system's randomness.
    time::Duration grace = 10s;

    // SIGTERM and SIGINT stop the node. Blocks them in the calling thread and its children, so the
    // process must have no other threads yet.
    bool stop_on_signals = false;

    base::LogLevel log_level = base::LogLevel::kInfo;
    base::Log::Sink log_lines = base::stderr_sink();  // Called from every reactor's thread.
};

class Node {
public:
    static base::Result<std::unique_ptr<Node>> make(NodeOptions options);

    // Stops and joins.
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Where a reactor listens; 0 when it does not.
    [[nodiscard]] std::uint16_t port(base::ReactorId reactor) const;

    // Before start(). While it runs, a task calls its own Network's set_peer().
    void set_peer(const world::Address& peer, const Endpoint& endpoint);

    void start(Main main);
    void stop();
    void join();

private:
    explicit Node(NodeOptions options) : options_(std::move(options)) {}

    base::Result<void> prepare();
    base::Result<void> add_reactor(base::ReactorId id, std::uint64_t seed,
                                   std::uint64_t incarnation);
    base::Result<Fd> listener_for(base::ReactorId id);
    std::unique_ptr<Network> network_for(Reactor& reactor, base::ReactorId id,
                                         std::uint64_t incarnation, Fd listener);

    NodeOptions options_;
    Main main_;
    std::optional<DataDirectory> directory_;
    std::unique_ptr<TlsContext> tls_;
    std::vector<std::uint16_t> ports_;
    Siblings siblings_;  // Outlives the workers, which post to it.
    std::unique_ptr<Worker> resolver_;
    std::unique_ptr<FileThreads> files_;
    std::vector<std::unique_ptr<Reactor>> reactors_;
    std::unique_ptr<StopSignals> signals_;
    std::vector<std::thread> threads_;
};

}  // namespace distkv::os
