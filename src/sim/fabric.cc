#include "sim/fabric.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace distkv::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr time::Duration kOfferAgainAfter = 1ms;
constexpr time::Duration kDuplicateLaterBy = 3s;
constexpr time::Duration kHeldBackBy = 1s;
constexpr time::Duration kQueueAtMost = 3s;  // A slow link drops what would wait for longer.

std::uint64_t place(const world::Address& from, const world::Address& to) {
    return from.node.value << 40U | from.reactor.value << 32U | to.node.value << 8U |
           to.reactor.value;
}

}  // namespace

void Fabric::set_link(base::NodeId from, base::NodeId to, LinkShape shape) {
    links_[{from, to}].shape = shape;
}

const LinkShape& Fabric::link(base::NodeId from, base::NodeId to) const {
    return links_.at({from, to}).shape;
}

base::Result<void> Fabric::send(world::Address from, world::Address to, base::Bytes payload) {
    const auto found = links_.find({from.node, to.node});
    if (found == links_.end()) {
        return base::fail(base::Errc::kInvalid, "no node " + to_string(to.node) + " is known");
    }
    if (payload.size() > base::limits::kFrameBytesMax) {
        return base::fail(base::Errc::kInvalid,
                          "a frame of " + std::to_string(payload.size()) + " bytes; at most " +
                              std::to_string(base::limits::kFrameBytesMax) + " are allowed");
    }
    // However small an outbox is, one frame has room in an empty one.
    const std::size_t backlog = backlog_bytes(from.node, to.node);
    if (backlog > 0 && backlog + payload.size() > stage_.weather.outbox_bytes_max) {
        return base::fail(base::Errc::kRetry,
                          "the outbox towards node " + to_string(to.node) + " is full");
    }
    stage_.trace.add(stage_.now(), TraceKind::kSend, from.node, place(from, to), payload);
    Link& link = found->second;
    if (link.slowdown > 1 && link.busy_until > stage_.now() + kQueueAtMost) {
        stage_.fired(Fault::kNetLoss);
        return {};
    }
    const TrueTime arrival = arrival_of(link, payload.size());
    if (is_cut(from.node, to.node) || stage_.strikes(Fault::kNetLoss, stage_.weather.loss_ppm)) {
        return {};
    }
    world::Frame frame{from, std::move(payload)};
    if (stage_.strikes(Fault::kNetDuplicate, stage_.weather.duplicate_ppm)) {
        launch(arrival + stage_.up_to(kDuplicateLaterBy), to, frame);
    }
    launch(arrival, to, std::move(frame));
    return {};
}

TrueTime Fabric::arrival_of(Link& link, std::size_t bytes) {
    const auto transmission = time::Duration(static_cast<std::int64_t>(
        bytes * static_cast<std::uint64_t>(kNanosPerSecond) / link.bytes_per_second()));
    link.busy_until = std::max(link.busy_until, stage_.now()) + transmission;
    TrueTime arrival = link.busy_until + link.shape.delay + stage_.up_to(link.shape.jitter_max);
    if (stage_.strikes(Fault::kNetJitter, stage_.weather.jitter_ppm)) {
        arrival += stage_.up_to(stage_.weather.jitter_max);
    }
    if (stage_.weather.reorder_ppm != 0 && stage_.rng.chance(stage_.weather.reorder_ppm)) {
        arrival += stage_.up_to(kHeldBackBy);  // Later frames may overtake this one.
    } else {
        arrival = link.last_arrival = std::max(link.last_arrival, arrival);
    }
    if (arrival < link.latest) {
        stage_.fired(Fault::kNetReorder);
    }
    link.latest = std::max(link.latest, arrival);
    return arrival;
}

std::size_t Fabric::backlog_bytes(base::NodeId from, base::NodeId to) {
    const auto found = links_.find({from, to});
    if (found == links_.end() || found->second.busy_until <= stage_.now()) {
        return 0;
    }
    const Link& link = found->second;
    const auto waiting = static_cast<std::uint64_t>((link.busy_until - stage_.now()).count());
    return static_cast<std::size_t>(waiting / 1000 * link.bytes_per_second() / 1'000'000);
}

void Fabric::launch(TrueTime at, world::Address to, world::Frame frame) {
    stage_.events.schedule(
        at, [this, to, frame = std::move(frame)]() mutable { arrive(to, std::move(frame)); });
}

void Fabric::arrive(world::Address to, world::Frame frame) {
    const auto receiver = receivers_.find(to);
    if (receiver == receivers_.end() || is_cut(frame.from.node, to.node)) {
        return;
    }
    stage_.trace.add(stage_.now(), TraceKind::kDeliver, to.node, place(frame.from, to),
                     frame.payload);
    const base::NodeId from = frame.from.node;
    const auto ahead = held_up_.find({from, to});
    if (ahead != held_up_.end()) {
        ahead->second.push_back(std::move(frame));
    } else if (!receiver->second(frame)) {
        held_up_[{from, to}].push_back(std::move(frame));
        stage_.events.schedule_in(kOfferAgainAfter, [this, from, to] { offer_again(from, to); });
    }
}

void Fabric::offer_again(base::NodeId from, world::Address to) {
    std::deque<world::Frame>& frames = held_up_.at({from, to});
    const auto receiver = receivers_.find(to);
    if (receiver == receivers_.end() || is_cut(from, to.node)) {
        frames.clear();
    }
    while (!frames.empty() && receiver->second(frames.front())) {
        frames.pop_front();
    }
    if (frames.empty()) {
        held_up_.erase({from, to});
    } else {
        stage_.events.schedule_in(kOfferAgainAfter, [this, from, to] { offer_again(from, to); });
    }
}

void Fabric::mend(base::NodeId from, base::NodeId to) {
    const auto found = cuts_.find({from, to});
    if (found != cuts_.end() && --found->second == 0) {
        cuts_.erase(found);
    }
}

bool Fabric::is_cut(base::NodeId from, base::NodeId to) const {
    return cuts_.contains({from, to});
}

void Fabric::slow_down(base::NodeId from, base::NodeId to, std::uint64_t divisor) {
    CHECK(divisor > 0);
    links_.at({from, to}).slowdown = divisor;
}

void Fabric::mend_everything() {
    cuts_.clear();
    for (auto& [pair, link] : links_) {
        link.slowdown = 1;
        link.busy_until = std::min(link.busy_until, stage_.now());
    }
}

}  // namespace distkv::sim
