// One reactor of a simulated node: the world that its tasks see, and the loop that runs them. A
// reactor runs in no virtual time; whatever it asks for (a timer, a disk, a frame) takes some.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "sim/disk.h"
#include "sim/fabric.h"
#include "sim/stage.h"
#include "world/world.h"

namespace distkv::sim {

class Node;

class SimNetwork : public world::Network {
public:
    SimNetwork(Stage& stage, Fabric& fabric, world::World& world, world::Address self);

    base::Result<void> send(world::Address to, base::Bytes payload) override;
    world::Task<void> room(world::Address to) override;

    // False when the inbox is full.
    bool deliver(const world::Frame& frame);

private:
    Stage& stage_;
    Fabric& fabric_;
    world::World& world_;
    world::Address self_;
};

class Reactor : public world::World, private world::Reactors {
public:
    Reactor(Node& node, std::size_t index, std::uint64_t seed);
    ~Reactor() override;

    [[nodiscard]] time::MonoTime mono_now() override;
    [[nodiscard]] time::WallTime wall_now() override;
    [[nodiscard]] world::Network& network() override { return network_; }
    [[nodiscard]] world::Disk& disk() override { return disk_; }
    [[nodiscard]] world::Reactors& reactors() override { return *this; }
    void start_blocking(BlockingWork work) override;

    void spawn_program();

    // Runs everything that is ready; called at the end of every event that touched this reactor.
    void run();

private:
    // world::Reactors
    [[nodiscard]] std::size_t count() const override;
    [[nodiscard]] base::ReactorId self() const override { return {index_}; }
    [[nodiscard]] bool post(base::ReactorId to, Work work) override;
    void answer(base::ReactorId to, Work work) override;

    world::Task<void> run_program();
    void send_to(base::ReactorId to, Work work);
    void take_messages();
    void schedule_wake();

    // Events outlive reactors, so they hold the one that they are for by this, and do nothing once
    // it is gone.
    struct Ref {
        Node& node;
        std::uint64_t start;
        std::size_t index;

        [[nodiscard]] Reactor* find() const;
    };
    [[nodiscard]] Ref ref() const { return {node_, start_, index_}; }

    Node& node_;
    Stage& stage_;
    std::uint64_t start_;  // Which start of the node this reactor belongs to.
    std::size_t index_;
    SimNetwork network_;
    Disk disk_;
    world::Scope scope_;
    std::deque<Work> messages_;
    std::size_t messages_on_the_way_ = 0;
    std::vector<TrueTime> last_message_at_;  // To each sibling; keeps order.
    std::optional<TrueTime> wake_at_;
    bool program_ended_ = false;
};

}  // namespace distkv::sim
