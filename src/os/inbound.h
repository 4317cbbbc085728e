// A connection that somebody made to us. It says hello, then only sends; we only receive.
//
//     accepted ──► stranger ──── good hello ───► peer ──► closed
//                      └── late or bad hello, garbage ────►
//
// Frames go to the reactor's inbox, a few at a time. While they are not taken, the rest stays in
// the decoder and the socket is not read, so TCP slows the sender down.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "os/peering.h"
#include "wire/frame.h"

namespace distkv::os {

class Inbound final : public PollHandler {
public:
    class Owner {
    public:
        virtual world::Inbox& inbox() = 0;

        // Has more to do as soon as the inbox has room, or others have had their turn.
        virtual void wants_turn(Inbound& connection) = 0;
        virtual void became_peer(Inbound& connection) = 0;

        // Destroys the connection, later.
        virtual void closed(Inbound& connection) = 0;

    protected:
        ~Owner() = default;
    };

    Inbound(Peering& peering, Owner& owner, std::unique_ptr<Transport> transport);
    ~Inbound();
    Inbound(const Inbound&) = delete;
    Inbound& operator=(const Inbound&) = delete;

    // False when epoll has no room.
    [[nodiscard]] bool watch();

    void on_ready(Ready ready) override;

    // Delivers and reads on, within a budget.
    void take_turn();

    // Delivers what has been read already. Called while a task takes frames, so it must not read:
    // that task would never come to an end.
    void deliver_on();

    // Says goodbye to the socket; the owner is told.
    void close();

    [[nodiscard]] const std::optional<wire::Hello>& hello() const { return hello_; }
    [[nodiscard]] bool is_closed() const { return transport_ == nullptr; }

private:
    void wait_for_turn();
    base::Result<bool> deliver();
    base::Result<bool> read_some(std::size_t& budget);
    base::Result<void> greet(base::ByteView payload);
    base::Result<void> write_hello();
    void fail(const base::Error& why);

    Peering& peering_;
    Owner& owner_;
    std::unique_ptr<Transport> transport_;
    bool watched_ = false;
    wire::FrameDecoder decoder_{wire::kHelloBytes};
    std::optional<wire::Hello> hello_;
    world::Address from_;
    base::Bytes hello_left_;
    Alarm alarm_;
    bool waits_for_turn_ = false;
    bool readable_ = false;
    bool hung_up_ = false;
};

}  // namespace distkv::os
