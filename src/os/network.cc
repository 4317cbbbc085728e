#include "os/network.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

// Out of descriptors: how long until the next try. The peers wait in the backlog.
constexpr time::Duration kAcceptPause = 100ms;

}  // namespace

class Network::Listener final : public PollHandler {
public:
    Listener(Network& network, Fd socket)
        : network_(network),
          socket_(std::move(socket)),
          again_(network.peering_.alarms, [this] { accept_all(); }) {}
    ~Listener() { network_.peering_.poller.remove(socket_.get(), *this); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] int fd() const { return socket_.get(); }
    void on_ready(Ready ready) override {
        if (ready.readable) {
            accept_all();
        }
    }

private:
    void accept_all() {
        for (;;) {
            Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (socket) {
                network_.accepted(std::move(socket));
            } else if (errno == EAGAIN) {
                return;
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                network_.peering_.world.log().error("accept_failed",
                                                    {{"why", errno_text("accept", errno)}});
                again_.set(network_.peering_.world.mono_now() + kAcceptPause);
                return;
            }
            // Otherwise that one connection broke before we took it.
        }
    }

    Network& network_;
    Fd socket_;
    Alarm again_;
};

Network::Network(Peering peering, Fd listener)
    : world::Network(peering.world.scheduler()),
      peering_(std::move(peering)),
      now_(peering_.world.mono_now()),
      self_room_(peering_.world.scheduler()) {
    inbox().on_empty([this] { refill(); });
    if (listener) {
        listener_ = std::make_unique<Listener>(*this, std::move(listener));
        const auto added = peering_.poller.add(listener_->fd(), *listener_);
        CHECK(added.has_value(), "no room in epoll for the first descriptors");
    }
}

Network::~Network() = default;

void Network::set_peer(const world::Address& peer, Endpoint endpoint) {
    if (Outbound* known = find(peer)) {
        known->set_endpoint(std::move(endpoint));
    } else {
        outbounds_[peer] = std::make_unique<Outbound>(peering_, peer, std::move(endpoint));
    }
}

Outbound* Network::find(const world::Address& peer) {
    if (last_used_ == nullptr || last_used_->peer() != peer) {
        const auto found = outbounds_.find(peer);
        if (found == outbounds_.end()) {
            return nullptr;
        }
        last_used_ = found->second.get();
    }
    return last_used_;
}

base::Result<void> Network::send(world::Address to, base::Bytes payload) {
    if (payload.size() > base::limits::kFrameBytesMax) {
        return base::fail(base::Errc::kInvalid,
                          "a frame of " + std::to_string(payload.size()) + " bytes; at most " +
                              std::to_string(base::limits::kFrameBytesMax) + " are allowed");
    }
    if (to == peering_.me) {
        return send_to_self(std::move(payload));
    }
    Outbound* outbound = find(to);
    if (outbound == nullptr) {
        return base::fail(base::Errc::kInvalid, "no peer " + to_string(to) + " is known");
    }
    if (!outbound->flush_wanted()) {
        to_flush_.push_back(outbound);
    }
    if (!outbound->send(std::move(payload), now_)) {
        peering_.world.mark(world::Mark::kOutboxFull);
        return base::fail(base::Errc::kRetry, "the outbox to " + to_string(to) + " is full");
    }
    ++peering_.counters.frames_sent;
    return {};
}

base::Result<void> Network::send_to_self(base::Bytes payload) {
    if (to_self_bytes_ + payload.size() > base::limits::kPeerOutboxBytesMax ||
        to_self_.size() >= base::limits::kInboxFramesMax) {
        peering_.world.mark(world::Mark::kOutboxFull);
        return base::fail(base::Errc::kRetry, "too many frames to ourselves");
    }
    to_self_bytes_ += payload.size();
    to_self_.push_back(std::move(payload));
    return {};
}

void Network::deliver_to_self() {
    while (!to_self_.empty() && inbox().has_room()) {
        to_self_bytes_ -= to_self_.front().size();
        inbox().push({.from = peering_.me, .payload = std::move(to_self_.front())});
        to_self_.pop_front();
    }
    if (to_self_bytes_ <= base::limits::kPeerOutboxBytesMax / 2 &&
        to_self_.size() <= base::limits::kInboxFramesMax / 2) {
        self_room_.wake_all();
    }
}

world::Task<void> Network::room(world::Address to) {
    if (to == peering_.me) {
        while (to_self_bytes_ > base::limits::kPeerOutboxBytesMax / 2 ||
               to_self_.size() > base::limits::kInboxFramesMax / 2) {
            co_await self_room_.wait();
        }
    } else if (Outbound* outbound = find(to)) {  // Once known, a peer is never forgotten.
        while (!outbound->at_most_half_full()) {
            co_await outbound->room_signal().wait();
        }
    }
}

void Network::begin_pass(time::MonoTime now) {
    now_ = now;
    closed_.clear();
    if (!to_self_.empty()) {
        deliver_to_self();
    }
    for (auto left = turns_.size(); left > 0 && !turns_.empty() && inbox().size() == 0; --left) {
        Inbound* const next = turns_.front();
        turns_.pop_front();
        next->take_turn();
    }
}

// Round robin, so that one busy peer does not keep the others waiting.
void Network::refill() {
    for (auto left = turns_.size(); left > 0 && !turns_.empty() && inbox().size() == 0; --left) {
        Inbound* const next = turns_.front();
        turns_.pop_front();
        next->deliver_on();
    }
}

void Network::end_pass() {
    for (Outbound* outbound : to_flush_) {
        outbound->flush(now_);
    }
    to_flush_.clear();
}

bool Network::has_more() const {
    return (!turns_.empty() || !to_self_.empty()) && const_cast<Network*>(this)->inbox().has_room();
}

void Network::accepted(Fd socket) {
    ++peering_.counters.accepts;
    prepare_socket(socket, peering_.options.socket);
    if (inbounds_.size() >= peering_.options.inbound_max) {
        evict_a_stranger();
    }
    if (inbounds_.size() >= peering_.options.inbound_max) {
        if (const auto left_out = peering_.strangers.admit(peering_.world.mono_now())) {
            peering_.world.log().warn("connection_refused",
                                      {{"connections", inbounds_.size()}, {"left_out", *left_out}});
        }
        return;
    }
    Inbound::Owner& owner = *this;
    auto connection =
        std::make_unique<Inbound>(peering_, owner, peering_.answering(std::move(socket)));
    Inbound& added = *connection;
    inbounds_.push_back(std::move(connection));
    if (!added.watch()) {
        added.close();
    }
}

// Strangers who say nothing must not keep the peers out.
void Network::evict_a_stranger() {
    const auto stranger = std::ranges::find_if(
        inbounds_, [](const auto& connection) { return !connection->hello(); });
    if (stranger != inbounds_.end()) {
        ++peering_.counters.evicted;
        (*stranger)->close();
    }
}

void Network::wants_turn(Inbound& connection) {
    turns_.push_back(&connection);
}

// A peer's reactor has one connection to us. If it makes another, the older is dead to it, and what
// the peer sent in an earlier life must not mix with what it sends now.
void Network::became_peer(Inbound& connection) {
    const wire::Hello& hello = *connection.hello();
    Inbound*& slot = callers_[{.node = hello.from.node, .reactor = hello.from.reactor}];
    if (Inbound* older = std::exchange(slot, &connection)) {
        if (older->hello()->incarnation != hello.incarnation) {
            peering_.world.mark(world::Mark::kStaleIncarnation);
        }
        older->close();
    }
}

void Network::closed(Inbound& connection) {
    if (const auto& hello = connection.hello()) {
        const world::Address from{.node = hello->from.node, .reactor = hello->from.reactor};
        const auto caller = callers_.find(from);
        if (caller != callers_.end() && caller->second == &connection) {
            callers_.erase(caller);
        }
    }
    const auto place = std::ranges::find_if(
        inbounds_, [&](const auto& each) { return each.get() == &connection; });
    CHECK(place != inbounds_.end());
    std::erase(turns_, &connection);
    closed_.push_back(std::move(*place));
    inbounds_.erase(place);
}

}  // namespace distkv::os
