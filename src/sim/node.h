// One machine of the planet: a clock and a disk that outlive the program, and the program itself,
// running on one or more reactors.
//
//           start()                 pause()
//     down ─────────► running ◄───────────────► paused
//       ▲               │  │       resume()        │
//       └───────────────┘  └─ stop() ─► stopping ──┘   the program ends by itself, or is ended
//        crash(), kill()
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/fabric.h"
#include "sim/stage.h"
#include "time/geography.h"
#include "world/world.h"

namespace distkv::sim {

// What a node runs, once per reactor.
using Program = std::function<world::Task<void>(world::World& world)>;

class Reactor;

class Node {
public:
    struct Options {
        base::NodeId id;
        std::string name;
        time::Coordinates place;
        std::size_t reactors = 1;
        Clock::Options clock;
    };
    Node(Stage& stage, Fabric& fabric, Options options, Program program);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void start();
    void crash();  // The power fails. Nothing survives but what the disk had made durable.
    void kill();   // The program dies; what it wrote stays, synced or not.
    void pause();
    void resume();
    void stop();  // Asks politely; a program that does not end within the grace is ended.

    [[nodiscard]] bool up() const { return !reactors_.empty(); }
    [[nodiscard]] bool paused() const { return paused_; }
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] base::NodeId id() const { return options_.id; }
    [[nodiscard]] Clock& clock() { return clock_; }
    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] DiskImage& disk() { return disk_; }
    [[nodiscard]] const DiskImage& disk() const { return disk_; }
    [[nodiscard]] std::uint64_t starts() const { return starts_; }

private:
    friend class Reactor;

    Stage& stage_;
    Fabric& fabric_;
    Options options_;
    Program program_;
    Clock clock_;
    DiskImage disk_;
    std::vector<std::unique_ptr<Reactor>> reactors_;
    bool paused_ = false;
    bool stopping_ = false;
    std::uint64_t starts_ = 0;
};

}  // namespace distkv::sim
