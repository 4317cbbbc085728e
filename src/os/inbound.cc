#include "os/inbound.h"

#include <utility>

#include "base/check.h"

namespace distkv::os {
namespace {

// One read. Larger gains nothing on loopback, and a thousand peers have a buffer each.
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

// What one connection may read before the others have had their turn.
constexpr std::size_t kTurnBytesMax = 4 * kReadBytes;

// Frames that stand ready in the inbox. Decoding is put off until they have been taken: with a few
// at a time the allocator hands out the same warm memory again (16: no gain; 900, a whole read: 60
// % more CPU a frame).
constexpr std::size_t kReadyFramesMax = 8;

}  // namespace

Inbound::Inbound(Peering& peering, Owner& owner, std::unique_ptr<Transport> transport)
    : peering_(peering),
      owner_(owner),
      transport_(std::move(transport)),
      alarm_(peering.alarms, [this] {
          ++peering_.counters.hellos_late;
          fail({base::Errc::kRetry, "no hello within the limit"});
      }) {
    alarm_.set(peering_.world.mono_now() + peering_.options.hello_limit);
}

Inbound::~Inbound() {
    if (watched_) {
        peering_.poller.remove(transport_->socket().get(), *this);
    }
}

bool Inbound::watch() {
    watched_ = peering_.poller.add(transport_->socket().get(), *this).has_value();
    return watched_;
}

void Inbound::on_ready(Ready ready) {
    readable_ = readable_ || ready.readable;
    hung_up_ = hung_up_ || ready.hung_up;
    // A TLS handshake may wait for the socket to drain before it can read on.
    readable_ = readable_ || !hello_;
    if (!hello_left_.empty()) {
        if (auto written = write_hello(); !written) {
            fail(written.error());
            return;
        }
    }
    if (!waits_for_turn_) {
        take_turn();
    }
}

void Inbound::take_turn() {
    std::size_t budget = kTurnBytesMax;
    waits_for_turn_ = false;
    while (transport_) {
        const auto delivered = deliver();
        if (!delivered) {
            fail(delivered.error());
            return;
        }
        if (!*delivered || (readable_ && budget == 0)) {
            wait_for_turn();
            return;
        }
        if (!readable_) {
            return;
        }
        if (auto read = read_some(budget); !read) {
            fail(read.error());
            return;
        }
    }
}

void Inbound::deliver_on() {
    waits_for_turn_ = false;
    const auto delivered = deliver();
    if (!delivered) {
        fail(delivered.error());
    } else if (!*delivered || readable_) {
        wait_for_turn();
    }
}

void Inbound::wait_for_turn() {
    waits_for_turn_ = true;
    owner_.wants_turn(*this);
}

// False when enough frames stand ready.
base::Result<bool> Inbound::deliver() {
    world::Inbox& inbox = owner_.inbox();
    base::ByteView payload;
    while (!hello_ || (inbox.size() < kReadyFramesMax && inbox.has_room())) {
        switch (decoder_.find(payload)) {
            case wire::FrameDecoder::Found::kNothingYet:
                return true;
            case wire::FrameDecoder::Found::kDamage:
                return std::unexpected(decoder_.damage());
            case wire::FrameDecoder::Found::kFrame:
                break;
        }
        if (hello_) [[likely]] {
            ++peering_.counters.frames_received;
            inbox.push(from_, payload);
        } else {
            TRY(greet(payload));
        }
    }
    return false;
}

base::Result<bool> Inbound::read_some(std::size_t& budget) {
    const auto moved = TRY(transport_->read(decoder_.space(hello_ ? kReadBytes : 256)));
    decoder_.filled(moved.bytes);
    budget -= std::min(budget, moved.bytes);
    // Behind the last bytes of a peer that hung up stands the end, for which no new edge comes.
    readable_ = moved.bytes > 0 && (hung_up_ || !moved.blocked);
    return readable_;
}

base::Result<void> Inbound::greet(base::ByteView payload) {
    const wire::Hello theirs = TRY(wire::decode_hello(payload));
    TRY(wire::check_hello(theirs, peering_.cluster,
                          {.node = peering_.me.node, .reactor = peering_.me.reactor}));
    TRY(transport_->check_peer_is(theirs.from.node));
    hello_ = theirs;
    from_ = {.node = theirs.from.node, .reactor = theirs.from.reactor};
    decoder_.set_payload_bytes_max(base::limits::kFrameBytesMax);
    alarm_.clear();
    wire::append_frame(hello_left_, wire::encode_hello(peering_.hello_to(from_)));
    TRY(write_hello());
    owner_.became_peer(*this);
    return {};
}

base::Result<void> Inbound::write_hello() {
    const base::ByteView piece = hello_left_;
    hello_left_.erase(0, TRY(transport_->write({&piece, 1})).bytes);
    return {};
}

void Inbound::fail(const base::Error& why) {
    const bool damaged = why.code == base::Errc::kCorrupt;
    if (damaged) {
        peering_.world.mark(world::Mark::kFrameMalformed);
        ++peering_.counters.malformed;
    }
    if (why.code == base::Errc::kInvalid) {
        ++peering_.counters.hellos_refused;
    }
    if (hello_) {
        const auto& log = peering_.world.log();
        if (damaged) {
            log.warn("peer_sent_garbage", {{"peer", from_}, {"why", why}});
        } else {
            log.info("peer_left", {{"peer", from_}, {"why", why}});
        }
    } else if (const auto left_out = peering_.strangers.admit(peering_.world.mono_now())) {
        peering_.world.log().warn("stranger_refused", {{"why", why}, {"left_out", *left_out}});
    }
    close();
}

void Inbound::close() {
    if (transport_) {
        alarm_.clear();
        if (std::exchange(watched_, false)) {
            peering_.poller.remove(transport_->socket().get(), *this);
        }
        transport_.reset();
        owner_.closed(*this);
    }
}

}  // namespace distkv::os
