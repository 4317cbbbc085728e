// Keeps the time of one reactor by talking to its peers: stamps every message, merges every stamp
// it may believe, bounds every peer's clock from the same traffic, and says which clocks are off.
//
//     ping  ──► peer: guard ─ ok ──► receive, pong ──► guard, receive
//                          └ too far ahead ─► refusal (the readings of clocks count all the same)
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "gossip/durable_clock.h"
#include "gossip/message.h"
#include "gossip/observer.h"
#include "time/light.h"
#include "time/offset.h"
#include "time/skew_guard.h"
#include "world/line_budget.h"
#include "world/world.h"

namespace distkv::gossip {

struct Peer {
    world::Address address;
    time::Duration light_floor{};  // Zero where the distance is not known.
};

struct GossipOptions {
    world::Address self;
    std::vector<Peer> peers;
    time::Duration ping_every = std::chrono::milliseconds(80);
    time::Duration ping_deadline = std::chrono::seconds(3);
    time::Duration judge_every = std::chrono::seconds(1);
    // Within this of true time a clock is good.
    time::Duration epsilon = std::chrono::milliseconds(100);
    time::SkewLimits skew;
    time::OffsetOptions offsets;
};

class Gossip {
public:
    Gossip(world::World& world, GossipOptions options, Observer& observer, DurableClock& clock);
    ~Gossip();

    // Until the world asks to stop.
    world::Task<void> run();

    // A stamp from a sibling reactor of this node, merged; zero when there was no room below the
    // ceiling. Called by work that arrives from there.
    time::Hlc receive_from_sibling(world::Address sibling, time::Hlc remote);

private:
    struct Known {
        Peer peer;
        time::OffsetBounds bounds;
        std::uint64_t incarnation = 0;  // The highest seen; an older one is from before a restart.
    };
    struct Ping;

    world::Task<void> ping_loop();
    world::Task<void> sibling_loop();
    world::Task<void> receive_loop();
    world::Task<void> judge_loop();

    world::Task<void> ping(world::Address to);
    world::Task<base::Result<void>> ping_and_wait(world::Address to);
    world::Task<void> handle(world::Address from, Message message, time::ClockReading arrived);
    world::Task<base::Result<void>> accept(world::Address from, Message message,
                                           time::ClockReading arrived);
    base::Result<bool> receive_guarded(world::Address from, time::Hlc remote);
    world::Task<base::Result<void>> answer(world::Address to, const Message& ping,
                                           time::ClockReading arrived, MessageKind kind);

    [[nodiscard]] bool take_readings(Known& known, const Message& message,
                                     const time::ClockReading& arrived);
    void check_light(Known& known, const Message& message, time::WallTime own_wall);
    base::Result<void> send(world::Address to, Message message);
    void judge();

    world::World& world_;
    GossipOptions options_;
    Observer& observer_;
    DurableClock& clock_;
    time::SkewGuard guard_;
    time::LightMonitor light_;
    world::LineBudget refusals_;
    std::map<world::Address, Known> known_;
    std::map<std::uint64_t, Ping*> pings_;  // Under way, by number.
    std::uint64_t messages_sent_ = 0;
    world::Locals::Entry<Gossip> local_;
    world::Scope tasks_;  // Last: its tasks use all of the above.
};

// The whole life of a gossiping reactor: loads its ceiling, runs, and ends when asked to. A node
// that cannot know how far its clock had come ends at once.
world::Task<void> run_gossip(world::World& world, GossipOptions options, Observer& observer);

}  // namespace distkv::gossip
