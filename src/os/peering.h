// What all connections of one reactor share: settings, counters, and the parts of the reactor that
// they use. Owned by Network, which outlives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/limits.h"
#include "base/rng.h"
#include "os/alarm.h"
#include "os/endpoint.h"
#include "os/poller.h"
#include "os/tls.h"
#include "os/transport.h"
#include "time/instant.h"
#include "wire/hello.h"
#include "world/line_budget.h"
#include "world/network.h"
#include "world/world.h"

namespace distkv::os {

using namespace std::chrono_literals;

struct NetworkOptions {
    // From the first packet until both hellos are known to be good. Three transatlantic round trips
    // (TCP, TLS, hello) take 0.3 s; a lost packet costs another second.
    time::Duration hello_limit = 5s;

    // Between attempts to reach a peer: doubled each time, a random part of it added to keep the
    // peers of a node that restarts from arriving all at once.
    time::Duration backoff_min = 20ms;
    time::Duration backoff_max = 2s;

    // Frames for a peer that cannot be reached are dropped at this age: protocols have given them
    // up by then, and an outbox full of them would delay what is still wanted.
    time::Duration frame_age_max = 5s;

    std::size_t inbound_max = base::limits::kPeersMax;
    SocketOptions socket;
};

struct NetworkCounters {
    std::uint64_t frames_sent = 0;  // Handed to a connection's outbox.
    std::uint64_t frames_received = 0;
    std::uint64_t frames_stale = 0;  // Dropped at frame_age_max.
    std::uint64_t connects = 0;      // Outbound connections that reached the right peer.
    std::uint64_t disconnects = 0;   // Of these, how many broke.
    std::uint64_t connect_failures = 0;
    std::uint64_t accepts = 0;
    std::uint64_t hellos_refused = 0;  // Wrong cluster, wrong node, wrong certificate.
    std::uint64_t hellos_late = 0;
    std::uint64_t malformed = 0;  // Inbound connections closed for what they sent.
    std::uint64_t evicted = 0;    // Strangers that made room for another connection.
};

class Inbound;
class Outbound;

struct Peering {
    world::World& world;
    Poller& poller;
    Alarms& alarms;
    NetworkOptions options;
    const TlsContext* tls;  // None: plain.
    wire::ClusterId cluster;
    world::Address me;
    std::uint64_t incarnation;
    base::Rng rng;
    NetworkCounters counters;
    world::LineBudget strangers{};  // Lines about whoever knocks.

    // Runs the first function on a thread that may block, the second here with its answer.
    using Addresses = base::Result<std::vector<SocketAddress>>;
    std::function<void(Endpoint, std::function<void(Addresses)>)> resolve_off_reactor;

    [[nodiscard]] std::unique_ptr<Transport> calling(Fd socket) const {
        return tls == nullptr ? plain_transport(std::move(socket))
                              : tls->calling(std::move(socket));
    }
    [[nodiscard]] std::unique_ptr<Transport> answering(Fd socket) const {
        return tls == nullptr ? plain_transport(std::move(socket))
                              : tls->answering(std::move(socket));
    }
    [[nodiscard]] wire::Hello hello_to(const world::Address& peer) const {
        return {.cluster = cluster,
                .from = {.node = me.node, .reactor = me.reactor},
                .incarnation = incarnation,
                .to = {.node = peer.node, .reactor = peer.reactor}};
    }
};

}  // namespace distkv::os
