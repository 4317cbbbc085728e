// One thread's event loop, and the world that the tasks on it see. A pass: run what siblings have
// sent, fire timers, run tasks (a bounded number), send what they have queued, then wait for
// sockets, or for the next timer when nothing is left to do.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "os/alarm.h"
#include "os/disk.h"
#include "os/mailbox.h"
#include "os/network.h"
#include "os/poller.h"
#include "world/world.h"

namespace distkv::os {

using Main = std::function<world::Task<void>(world::World&)>;

// What the reactors of a node have in common, apart from their threads.
struct Siblings {
    std::vector<std::unique_ptr<Mailbox>> mailboxes;
    std::atomic<std::size_t> mains_running = 0;

    // Counts a main function out; the last one wakes all, so that their loops end.
    void main_ended();
};

class Reactor final : public world::World, private world::Reactors {
public:
    struct Identity {
        base::ReactorId reactor;
        time::Duration grace;  // Between a polite request to stop and the end.
    };

    Reactor(Parts parts, Identity identity, Siblings& siblings, Poller poller);
    ~Reactor() override;

    // Once, before run().
    void attach(std::unique_ptr<Network> network, std::unique_ptr<Disk> disk);

    [[nodiscard]] Poller& poller() { return poller_; }
    [[nodiscard]] Alarms& alarms() { return alarms_; }
    [[nodiscard]] Mailbox& mailbox() { return *siblings_.mailboxes[identity_.reactor.value]; }
    [[nodiscard]] Network& os_network() { return *network_; }

    // Returns when the main functions of all reactors have ended. Siblings are served until then.
    void run(const Main& main);

    // On this reactor's thread. The second request no longer waits.
    void begin_stop();

    time::MonoTime mono_now() override;
    time::WallTime wall_now() override;
    world::Network& network() override { return *network_; }
    world::Disk& disk() override { return *disk_; }
    world::Reactors& reactors() override { return *this; }
    void start_blocking(BlockingWork work) override;

private:
    [[nodiscard]] std::size_t count() const override { return siblings_.mailboxes.size(); }
    [[nodiscard]] base::ReactorId self() const override { return identity_.reactor; }
    [[nodiscard]] bool post(base::ReactorId to, Work work) override;
    void answer(base::ReactorId to, Work work) override;

    void pass();
    void sleep_until_something_happens();

    Identity identity_;
    Siblings& siblings_;
    Poller poller_;
    Alarms alarms_;
    Alarm grace_;
    time::MonoTime now_;  // When this pass began.
    time::MonoTime polled_;
    world::Scope scope_;
    std::unique_ptr<Network> network_;
    std::unique_ptr<Disk> disk_;
};

}  // namespace distkv::os
