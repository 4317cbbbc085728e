// The one connection on which this reactor sends to one reactor of another node. It is made when
// there is something to send, and made again, later and later, while there still is.
//
//            send()              resolved             connected         hello answered
//     idle ─────────► resolving ─────────► connecting ─────────► hello ─────────► open
//      ▲                  │                    │                    │               │
//      │ nothing to send  └────────────┬───────┴────────────────────┴───────────────┘ fail()
//      └───────────────────────── backing off ──────► resolving, when there is
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "os/outbox.h"
#include "os/peering.h"
#include "wire/frame.h"
#include "world/signal.h"

namespace distkv::os {

class Outbound final : public PollHandler {
public:
    Outbound(Peering& peering, const world::Address& peer, Endpoint endpoint);
    ~Outbound();
    Outbound(const Outbound&) = delete;
    Outbound& operator=(const Outbound&) = delete;

    [[nodiscard]] const world::Address& peer() const { return peer_; }

    // The peer has moved; a connection that stands stays until it breaks.
    void set_endpoint(Endpoint endpoint) { endpoint_ = std::move(endpoint); }

    // False, and nothing is queued, when the outbox is full.
    [[nodiscard]] bool send(base::Bytes&& payload, time::MonoTime now) {
        flush_wanted_ = true;
        return outbox_.push(std::move(payload), now);
    }

    // Writes what has been queued; connects when there is no connection.
    void flush(time::MonoTime now);

    [[nodiscard]] world::Signal& room_signal() { return room_signal_; }
    [[nodiscard]] bool at_most_half_full() const { return outbox_.at_most_half_full(); }
    [[nodiscard]] bool flush_wanted() const { return flush_wanted_; }

    void on_ready(Ready ready) override;

private:
    enum class State : std::uint8_t { kIdle, kResolving, kConnecting, kHello, kOpen, kBackingOff };

    void begin();
    void connect(Peering::Addresses found);
    void advance();
    base::Result<void> exchange_hello();
    base::Result<void> read_hello();
    base::Result<void> write_frames();
    base::Result<void> expect_silence();
    void fail(const base::Error& why);
    void back_off();
    void drop_stale(time::MonoTime now);
    void wake_if_room();

    Peering& peering_;
    const world::Address peer_;
    Endpoint endpoint_;
    State state_ = State::kIdle;
    Outbox outbox_;
    std::unique_ptr<Transport> transport_;
    base::Bytes hello_left_;
    wire::FrameDecoder decoder_{wire::kHelloBytes};
    std::vector<SocketAddress> addresses_;
    std::size_t attempts_ = 0;
    time::Duration backoff_;
    Alarm alarm_;
    world::Signal room_signal_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    bool writable_ = false;
    bool flush_wanted_ = false;
    bool failure_logged_ = false;
};

}  // namespace distkv::os
