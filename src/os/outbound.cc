#include "os/outbound.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace distkv::os {

Outbound::Outbound(Peering& peering, const world::Address& peer, Endpoint endpoint)
    : peering_(peering),
      peer_(peer),
      endpoint_(std::move(endpoint)),
      backoff_(peering.options.backoff_min),
      alarm_(peering.alarms,
             [this] {
                 if (state_ == State::kBackingOff) {
                     state_ = State::kIdle;
                     drop_stale(peering_.world.mono_now());
                     begin();
                 } else {
                     fail({base::Errc::kRetry, "no hello within the limit"});
                 }
             }),
      room_signal_(peering.world.scheduler()) {}

Outbound::~Outbound() {
    if (transport_) {
        peering_.poller.remove(transport_->socket().get(), *this);
    }
}

void Outbound::flush(time::MonoTime now) {
    flush_wanted_ = false;
    if (state_ == State::kOpen) {
        if (writable_) {
            advance();
        }
    } else {
        drop_stale(now);
        begin();
    }
}

void Outbound::begin() {
    if (state_ != State::kIdle || outbox_.empty()) {
        return;
    }
    state_ = State::kResolving;
    if (is_numeric(endpoint_)) {
        connect(resolve(endpoint_));
        return;
    }
    peering_.resolve_off_reactor(endpoint_,
                                 [this, alive = std::weak_ptr(alive_)](Peering::Addresses found) {
                                     if (alive.lock() && state_ == State::kResolving) {
                                         connect(std::move(found));
                                     }
                                 });
}

void Outbound::connect(Peering::Addresses found) {
    if (!found) {
        fail(found.error());
        return;
    }
    CHECK(!found->empty());
    // A name may stand for several addresses: each attempt tries the next.
    auto socket = begin_connect((*found)[attempts_++ % found->size()], peering_.options.socket);
    if (!socket) {
        fail(socket.error());
        return;
    }
    if (auto added = peering_.poller.add(socket->get(), *this); !added) {
        fail(added.error());
        return;
    }
    transport_ = peering_.calling(std::move(*socket));
    hello_left_.clear();
    wire::append_frame(hello_left_, wire::encode_hello(peering_.hello_to(peer_)));
    decoder_ = wire::FrameDecoder(wire::kHelloBytes);
    writable_ = false;
    state_ = State::kConnecting;
    alarm_.set(peering_.world.mono_now() + peering_.options.hello_limit);
}

void Outbound::on_ready(Ready ready) {
    if (state_ == State::kConnecting && !ready.writable) {
        return;
    }
    writable_ = true;
    if (state_ == State::kConnecting) {
        if (auto connected = finish_connect(transport_->socket()); !connected) {
            fail(connected.error());
            return;
        }
        state_ = State::kHello;
    }
    if (state_ == State::kOpen && ready.readable) {
        if (auto silent = expect_silence(); !silent) {
            fail(silent.error());
            return;
        }
    }
    advance();
}

void Outbound::advance() {
    if (state_ == State::kHello) {
        if (auto exchanged = exchange_hello(); !exchanged) {
            fail(exchanged.error());
            return;
        }
    }
    if (state_ == State::kOpen) {
        if (auto written = write_frames(); !written) {
            fail(written.error());
        }
    }
}

base::Result<void> Outbound::exchange_hello() {
    if (!hello_left_.empty()) {
        const base::ByteView piece = hello_left_;
        hello_left_.erase(0, TRY(transport_->write({&piece, 1})).bytes);
    }
    return read_hello();
}

base::Result<void> Outbound::read_hello() {
    for (;;) {
        if (const auto frame = TRY(decoder_.next())) {
            const wire::Hello theirs = TRY(wire::decode_hello(*frame));
            TRY(wire::check_hello(theirs, peering_.cluster,
                                  {.node = peering_.me.node, .reactor = peering_.me.reactor}));
            if (theirs.from != wire::Party{.node = peer_.node, .reactor = peer_.reactor}) {
                return base::fail(base::Errc::kInvalid, "someone else answered");
            }
            TRY(transport_->check_peer_is(peer_.node));
            break;
        }
        const auto moved = TRY(transport_->read(decoder_.space(wire::kHelloBytes)));
        decoder_.filled(moved.bytes);
        if (moved.bytes == 0) {
            return {};
        }
    }
    state_ = State::kOpen;
    alarm_.clear();
    backoff_ = peering_.options.backoff_min;
    failure_logged_ = false;
    ++peering_.counters.connects;
    drop_stale(peering_.world.mono_now());
    peering_.world.log().info("peer_connected", {{"peer", peer_}, {"at", endpoint_}});
    return expect_silence();
}

// The peer sends its hello and nothing more, so a read finds out whether it is gone; under TLS it
// also lets the transport do what it must.
base::Result<void> Outbound::expect_silence() {
    std::array<char, 64> buffer;
    const auto moved = TRY(transport_->read(buffer));
    if (moved.bytes > 0 || decoder_.pending() > 0) {
        return base::fail(base::Errc::kCorrupt, "the peer sent more than its hello");
    }
    return {};
}

base::Result<void> Outbound::write_frames() {
    std::array<base::ByteView, kPiecesMax> pieces;
    while (!outbox_.empty()) {
        const std::size_t count = outbox_.gather(pieces);
        const auto moved = TRY(transport_->write({pieces.data(), count}));
        outbox_.sent(moved.bytes);
        if (moved.blocked) {
            writable_ = false;
            break;
        }
    }
    wake_if_room();
    return {};
}

void Outbound::fail(const base::Error& why) {
    const bool was_open = state_ == State::kOpen;
    if (transport_) {
        peering_.poller.remove(transport_->socket().get(), *this);
        transport_.reset();
    }
    outbox_.rewind();
    ++(was_open ? peering_.counters.disconnects : peering_.counters.connect_failures);
    if (why.code == base::Errc::kInvalid || why.code == base::Errc::kCorrupt) {
        ++peering_.counters.hellos_refused;
    }
    // A peer that stays away is one line, not one for each attempt.
    if (was_open || !std::exchange(failure_logged_, true)) {
        peering_.world.log().warn(was_open ? "peer_disconnected" : "peer_unreachable",
                                  {{"peer", peer_}, {"at", endpoint_}, {"why", why}});
    }
    back_off();
}

void Outbound::back_off() {
    const auto jitter = static_cast<std::uint64_t>(backoff_.count() / 2 + 1);
    const auto wait = backoff_ / 2 + time::Duration(peering_.rng.below(jitter));
    backoff_ = std::min(2 * backoff_, peering_.options.backoff_max);
    state_ = State::kBackingOff;
    alarm_.set(peering_.world.mono_now() + wait);
}

void Outbound::drop_stale(time::MonoTime now) {
    peering_.counters.frames_stale += outbox_.drop_older_than(now - peering_.options.frame_age_max);
    wake_if_room();
}

void Outbound::wake_if_room() {
    if (room_signal_.has_waiters() && outbox_.at_most_half_full()) {
        room_signal_.wake_all();
    }
}

}  // namespace distkv::os
