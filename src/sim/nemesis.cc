#include "sim/nemesis.h"

#include <utility>

#include "base/check.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;
using time::Duration;

constexpr Duration kWriteTakes = 200us;
// Down to a few hundred, or a few tens of bytes a second.
constexpr std::uint64_t kSlowdownMin = 20'000;
constexpr std::uint64_t kSlowdownSteps = 8;
constexpr std::size_t kGarbageBytesMax = 200;
constexpr std::uint32_t kMinorityStaysBrokenPpm = 250'000;

}  // namespace

Nemesis::Nemesis(Stage& stage, Fabric& fabric, Nodes& nodes)
    : stage_(stage), fabric_(fabric), nodes_(nodes) {
    const std::pair<Fault, Trouble> troubles[] = {
        {Fault::kNetCutOneWay, &Nemesis::cut_one_way},
        {Fault::kNetCutBothWays, &Nemesis::cut_both_ways},
        {Fault::kNetSlowLink, &Nemesis::slow_link},
        {Fault::kNetGarbage, &Nemesis::send_garbage},
        {Fault::kNodeCrash, &Nemesis::crash},
        {Fault::kNodePause, &Nemesis::pause},
        {Fault::kNodeRestart, &Nemesis::restart},
        {Fault::kDiskFull, &Nemesis::fill_disk},
        {Fault::kDiskBitFlip, &Nemesis::flip_bit},
        {Fault::kClockJumpForward, &Nemesis::jump_forward},
        {Fault::kClockJumpBack, &Nemesis::jump_back},
        {Fault::kClockFreeze, &Nemesis::freeze},
    };
    for (const auto& [fault, trouble] : troubles) {
        if (stage_.weather.has(fault)) {
            possible_.push_back(trouble);
        }
    }
}

void Nemesis::begin(TrueTime heal_at) {
    stage_.events.schedule(heal_at, [this] { heal(); });
    next_trouble();
}

void Nemesis::next_trouble() {
    if (!possible_.empty()) {
        later(stage_.up_to(2 * stage_.weather.trouble_every), [this] { make_trouble(); });
    }
}

void Nemesis::make_trouble() {
    const Trouble trouble = possible_[stage_.rng.below(possible_.size())];
    (this->*trouble)(any_node());
    next_trouble();
}

// ---- the network

void Nemesis::cut_one_way(Node& victim) {
    const base::NodeId from = victim.id();
    const base::NodeId to = any_node().id();
    if (from == to) {
        return;
    }
    note(Fault::kNetCutOneWay, victim);
    fabric_.cut(from, to);
    later(a_while(), [this, from, to] { fabric_.mend(from, to); });
}

// A group around the victim, of any size, loses the rest.
void Nemesis::cut_both_ways(Node& victim) {
    std::set<base::NodeId> group{victim.id()};
    for (const auto& node : nodes_) {
        if (stage_.rng.chance(400'000)) {
            group.insert(node->id());
        }
    }
    std::vector<std::pair<base::NodeId, base::NodeId>> cuts;
    for (const base::NodeId inside : group) {
        for (const auto& node : nodes_) {
            if (!group.contains(node->id())) {
                cuts.emplace_back(inside, node->id());
                cuts.emplace_back(node->id(), inside);
            }
        }
    }
    if (cuts.empty()) {
        return;
    }
    note(Fault::kNetCutBothWays, victim);
    for (const auto& [from, to] : cuts) {
        fabric_.cut(from, to);
    }
    later(a_while(), [this, cuts] {
        for (const auto& [from, to] : cuts) {
            fabric_.mend(from, to);
        }
    });
}

void Nemesis::slow_link(Node& victim) {
    const base::NodeId from = victim.id();
    const base::NodeId to = any_node().id();
    if (from == to) {
        return;
    }
    note(Fault::kNetSlowLink, victim);
    fabric_.slow_down(from, to, kSlowdownMin << stage_.rng.below(kSlowdownSteps));
    later(a_while(), [this, from, to] { fabric_.slow_down(from, to, 1); });
}

// From a peer that runs another program, or from nobody that is known.
void Nemesis::send_garbage(Node& victim) {
    if (!victim.up()) {
        return;
    }
    note(Fault::kNetGarbage, victim);
    base::Bytes bytes(stage_.rng.below(kGarbageBytesMax), '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(stage_.rng.next());
    }
    const base::NodeId from =
        stage_.rng.chance(500'000) ? any_node().id() : base::NodeId{stage_.rng.next()};
    fabric_.inject({from, {0}}, {victim.id(), {0}}, std::move(bytes));
}

// ---- machines

void Nemesis::crash(Node& victim) {
    if (!victim.up()) {
        return;
    }
    switch (stage_.rng.below(3)) {
        case 0:
            note(Fault::kNodeCrash, victim);
            victim.kill();
            start_again_later(victim);
            break;
        case 1:
            cut_power(victim);
            break;
        default:
            crash_in_a_write(victim);
    }
}

void Nemesis::cut_power(Node& victim) {
    note(Fault::kNodeCrash, victim);
    victim.crash();
    start_again_later(victim);
}

void Nemesis::crash_in_a_write(Node& victim) {
    victim.disk().on_next_write([this, &victim] {
        later(stage_.up_to(kWriteTakes), [this, &victim] {
            if (victim.up()) {
                cut_power(victim);
            }
        });
    });
}

void Nemesis::pause(Node& victim) {
    if (!victim.up() || victim.paused()) {
        return;
    }
    note(Fault::kNodePause, victim);
    victim.pause();
    later(a_while(), [&victim] { victim.resume(); });
}

void Nemesis::restart(Node& victim) {
    if (!victim.up() || victim.paused()) {
        return;
    }
    note(Fault::kNodeRestart, victim);
    victim.stop();
    start_again_later(victim);
}

void Nemesis::start_again_later(Node& node) {
    later(a_while(), [this, &node] {
        if (node.up()) {
            start_again_later(node);  // Still stopping; or started by another trouble's repair.
        } else {
            node.start();
        }
    });
}

// ---- disks

void Nemesis::fill_disk(Node& victim) {
    stage_.trace.add(stage_.now(), TraceKind::kFault, victim.id(),
                     static_cast<std::uint64_t>(Fault::kDiskFull));
    victim.disk().set_full(true);  // Counted when a write meets it.
    later(a_while(), [&victim] { victim.disk().set_full(false); });
}

void Nemesis::flip_bit(Node& victim) {
    if (victim.disk().flip_bit()) {
        stage_.trace.add(stage_.now(), TraceKind::kFault, victim.id(),
                         static_cast<std::uint64_t>(Fault::kDiskBitFlip));
    }
}

// ---- clocks

void Nemesis::jump_forward(Node& victim) {
    note(Fault::kClockJumpForward, victim);
    victim.clock().jump(stage_.now(), a_jump());
}

void Nemesis::jump_back(Node& victim) {
    note(Fault::kClockJumpBack, victim);
    victim.clock().jump(stage_.now(), -a_jump());
}

void Nemesis::freeze(Node& victim) {
    if (victim.clock().frozen()) {
        return;
    }
    note(Fault::kClockFreeze, victim);
    victim.clock().freeze(stage_.now());
    later(a_while(), [this, &victim] { victim.clock().thaw(stage_.now()); });
}

// ---- the end of it

void Nemesis::heal() {
    healed_ = true;
    const std::size_t outbox_bytes_max = stage_.weather.outbox_bytes_max;
    stage_.weather = Weather::calm();
    stage_.weather.outbox_bytes_max = outbox_bytes_max;  // A knob, not a fault.
    fabric_.mend_everything();
    leave_a_minority_broken();
    for (const auto& node : nodes_) {
        node->disk().set_full(false);
        if (broken_.contains(node->id())) {
            continue;
        }
        node->clock().correct(stage_.now());
        node->resume();
        if (node->stopping()) {  // Nobody would start it when it has ended.
            node->kill();
        }
        if (!node->up()) {
            node->start();
        }
    }
}

void Nemesis::leave_a_minority_broken() {
    if (possible_.empty() || !stage_.rng.chance(kMinorityStaysBrokenPpm)) {
        return;
    }
    const std::size_t most = (nodes_.size() - 1) / 2;
    for (std::size_t i = 0; i < most; ++i) {
        if (stage_.rng.chance(500'000)) {
            broken_.insert(any_node().id());
        }
    }
    for (const auto& node : nodes_) {
        if (!broken_.contains(node->id())) {
            continue;
        }
        const auto how = stage_.rng.below(3);
        if (how == 0 && node->up()) {
            note(Fault::kNodeCrash, *node);
            node->crash();
        } else if (how == 1) {
            node->resume();
            jump_forward(*node);
        } else {
            note(Fault::kNetCutBothWays, *node);
            for (const auto& other : nodes_) {
                if (other != node) {
                    fabric_.cut(node->id(), other->id());
                    fabric_.cut(other->id(), node->id());
                }
            }
        }
    }
}

// ---- helpers of all of the above

void Nemesis::note(Fault fault, const Node& victim) {
    stage_.fired(fault);
    stage_.trace.add(stage_.now(), TraceKind::kFault, victim.id(),
                     static_cast<std::uint64_t>(fault));
}

Node& Nemesis::any_node() {
    return *nodes_[stage_.rng.below(nodes_.size())];
}

Duration Nemesis::a_while() {
    constexpr Duration kLengths[] = {200ms, 1s, 5s, 20s};
    return stage_.up_to(kLengths[stage_.rng.below(std::size(kLengths))]);
}

// Milliseconds, seconds, minutes, or the hour of a wrong time zone.
Duration Nemesis::a_jump() {
    constexpr Duration kLengths[] = {20ms, 400ms, 5s, 2min};
    const auto choice = stage_.rng.below(std::size(kLengths) + 1);
    return choice == std::size(kLengths) ? Duration(1h) : 1ms + stage_.up_to(kLengths[choice]);
}

void Nemesis::later(Duration delay, std::function<void()> action) {
    stage_.events.schedule_in(delay, [this, action = std::move(action)] {
        if (!healed_) {
            action();
        }
    });
}

}  // namespace distkv::sim
