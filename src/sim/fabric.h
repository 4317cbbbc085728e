// All links of the planet. A frame takes its time from distance, bandwidth and jitter; faults lose,
// repeat, delay or reorder it, and cuts stop it. Without such faults a link keeps order, as a TCP
// connection does.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "sim/stage.h"
#include "world/network.h"

namespace distkv::sim {

struct LinkShape {
    time::Duration delay{};       // One way.
    time::Duration jitter_max{};  // Of every frame, weather or not.
    std::uint64_t bytes_per_second = 125'000'000;
};

class Fabric {
public:
    // False when the receiver has no room just now; the frame is then offered again later, before
    // those behind it.
    using Deliver = std::function<bool(const world::Frame& frame)>;

    explicit Fabric(Stage& stage) : stage_(stage) {}

    void set_link(base::NodeId from, base::NodeId to, LinkShape shape);
    [[nodiscard]] const LinkShape& link(base::NodeId from, base::NodeId to) const;

    // A node that is down has no receiver; frames to it vanish.
    void attach(world::Address at, Deliver deliver) { receivers_[at] = std::move(deliver); }
    void detach(world::Address at) { receivers_.erase(at); }

    // Bytes that nobody sent, as if from `from`.
    void inject(world::Address from, world::Address to, base::Bytes payload) {
        arrive(to, {from, std::move(payload)});
    }

    base::Result<void> send(world::Address from, world::Address to, base::Bytes payload);
    [[nodiscard]] std::size_t backlog_bytes(base::NodeId from, base::NodeId to);

    // Cuts are counted, so that overlapping ones end one by one.
    void cut(base::NodeId from, base::NodeId to) { ++cuts_[{from, to}]; }
    void mend(base::NodeId from, base::NodeId to);
    [[nodiscard]] bool is_cut(base::NodeId from, base::NodeId to) const;

    // From now on, until called with 1, a link has this fraction of its bandwidth.
    void slow_down(base::NodeId from, base::NodeId to, std::uint64_t divisor);

    void mend_everything();

private:
    using Pair = std::pair<base::NodeId, base::NodeId>;

    struct Link {
        LinkShape shape;
        std::uint64_t slowdown = 1;
        TrueTime busy_until{};    // The sender's end is occupied with earlier frames.
        TrueTime last_arrival{};  // Keeps order,
        TrueTime latest{};        // but for those that the reorder fault has held back.

        [[nodiscard]] std::uint64_t bytes_per_second() const {
            return std::max<std::uint64_t>(1, shape.bytes_per_second / slowdown);
        }
    };

    TrueTime arrival_of(Link& link, std::size_t bytes);
    void launch(TrueTime at, world::Address to, world::Frame frame);
    void arrive(world::Address to, world::Frame frame);
    void offer_again(base::NodeId from, world::Address to);

    Stage& stage_;
    std::map<Pair, Link> links_;
    std::map<Pair, int> cuts_;
    std::map<world::Address, Deliver> receivers_;
    // Arrived, and not yet taken by a receiver without room.
    std::map<std::pair<base::NodeId, world::Address>, std::deque<world::Frame>> held_up_;
};

}  // namespace distkv::sim
