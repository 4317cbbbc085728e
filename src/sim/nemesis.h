// Makes trouble: at random moments it crashes, pauses, cuts off, skews, fills and flips, as far as
// the weather of this run allows. At the healing it stops, repairs everything and starts what is
// down, except, in some runs, a minority that stays broken for ever.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "sim/fabric.h"
#include "sim/node.h"
#include "sim/stage.h"

namespace distkv::sim {

class Nemesis {
public:
    using Nodes = std::vector<std::unique_ptr<Node>>;

    Nemesis(Stage& stage, Fabric& fabric, Nodes& nodes);

    void begin(TrueTime heal_at);

    [[nodiscard]] bool healed() const { return healed_; }

    // Nodes that were left broken at the healing: dead, cut off, or with a wrong clock.
    [[nodiscard]] const std::set<base::NodeId>& broken_for_ever() const { return broken_; }

private:
    using Trouble = void (Nemesis::*)(Node& victim);

    void next_trouble();
    void make_trouble();
    void cut_one_way(Node& victim);
    void cut_both_ways(Node& victim);
    void slow_link(Node& victim);
    void send_garbage(Node& victim);
    void crash(Node& victim);
    void crash_in_a_write(Node& victim);
    void cut_power(Node& victim);
    void pause(Node& victim);
    void restart(Node& victim);
    void fill_disk(Node& victim);
    void flip_bit(Node& victim);
    void jump_forward(Node& victim);
    void jump_back(Node& victim);
    void freeze(Node& victim);

    void heal();
    void leave_a_minority_broken();

    void note(Fault fault, const Node& victim);
    [[nodiscard]] Node& any_node();
    [[nodiscard]] time::Duration a_while();
    [[nodiscard]] time::Duration a_jump();

    // Runs unless the healing came first.
    void later(time::Duration delay, std::function<void()> action);
    void start_again_later(Node& node);

    Stage& stage_;
    Fabric& fabric_;
    Nodes& nodes_;
    std::vector<Trouble> possible_;
    std::set<base::NodeId> broken_;
    bool healed_ = false;
};

}  // namespace distkv::sim
