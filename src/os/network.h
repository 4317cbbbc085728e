// Frames between this reactor and those of other nodes, over TCP: one connection a direction for
// each pair of reactors. See outbound.h and inbound.h.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "os/inbound.h"
#include "os/outbound.h"
#include "os/peering.h"
#include "world/network.h"

namespace distkv::os {

class Network final : public world::Network, private Inbound::Owner {
public:
    Network(Peering peering, Fd listener);
    ~Network() override;

    // Whom send() may name, and where they listen. May be called again: peers move.
    void set_peer(const world::Address& peer, Endpoint endpoint);

    base::Result<void> send(world::Address to, base::Bytes payload) override;
    world::Task<void> room(world::Address to) override;

    // The reactor calls these once a pass: before its tasks run, after they ran, and to learn
    // whether it may sleep.
    void begin_pass(time::MonoTime now);
    void end_pass();
    [[nodiscard]] bool has_more() const;

    [[nodiscard]] const NetworkCounters& counters() const { return peering_.counters; }
    [[nodiscard]] std::size_t inbound_count() const { return inbounds_.size(); }

private:
    class Listener;

    Outbound* find(const world::Address& peer);
    base::Result<void> send_to_self(base::Bytes payload);
    void deliver_to_self();
    void refill();
    void accepted(Fd socket);
    void evict_a_stranger();

    world::Inbox& inbox() override { return world::Network::inbox(); }
    void wants_turn(Inbound& connection) override;
    void became_peer(Inbound& connection) override;
    void closed(Inbound& connection) override;

    Peering peering_;
    time::MonoTime now_;
    std::map<world::Address, std::unique_ptr<Outbound>> outbounds_;
    Outbound* last_used_ = nullptr;  // Frames come in runs.
    std::vector<Outbound*> to_flush_;

    std::deque<base::Bytes> to_self_;
    std::size_t to_self_bytes_ = 0;
    world::Signal self_room_;

    std::unique_ptr<Listener> listener_;
    std::deque<std::unique_ptr<Inbound>> inbounds_;  // Oldest first.
    std::map<world::Address, Inbound*> callers_;
    std::deque<Inbound*> turns_;  // Hold frames back, or have more to read.
    std::vector<std::unique_ptr<Inbound>> closed_;
};

}  // namespace distkv::os
