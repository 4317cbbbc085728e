#include "sim/node.h"

#include <utility>

#include "base/check.h"
#include "sim/reactor.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

constexpr time::Duration kStopGrace = 5s;

}  // namespace

Node::Node(Stage& stage, Fabric& fabric, Options options, Program program)
    : stage_(stage),
      fabric_(fabric),
      options_(std::move(options)),
      program_(std::move(program)),
      clock_(options_.clock),
      disk_(stage, options_.id) {
    CHECK(options_.reactors > 0);
}

Node::~Node() {
    reactors_.clear();
}

void Node::start() {
    CHECK(!up());
    ++starts_;
    stage_.trace.add(stage_.now(), TraceKind::kStart, id(), starts_);
    for (std::size_t i = 0; i < options_.reactors; ++i) {
        reactors_.push_back(std::make_unique<Reactor>(*this, i, stage_.rng.next()));
    }
    for (const auto& reactor :
         reactors_) {  // Only now: programs may talk to their siblings at once.
        reactor->spawn_program();
    }
}

void Node::crash() {
    kill();
    disk_.crash();
    clock_.reboot(stage_.now());
}

void Node::pause() {
    paused_ = up();
}

void Node::resume() {
    if (std::exchange(paused_, false)) {
        for (std::size_t i = 0; i < reactors_.size(); ++i) {
            reactors_[i]->run();
        }
    }
}

void Node::stop() {
    const std::uint64_t this_start = starts_;
    stopping_ = true;
    for (std::size_t i = 0; i < reactors_.size(); ++i) {
        reactors_[i]->ask_to_stop();
        reactors_[i]->run();
    }
    stage_.events.schedule_in(kStopGrace, [this, this_start] {
        if (up() && starts_ == this_start) {
            kill();
        }
    });
}

void Node::kill() {
    stage_.trace.add(stage_.now(), TraceKind::kCrash, id(), starts_);
    paused_ = stopping_ = false;
    reactors_.clear();
}

}  // namespace distkv::sim
