// A stream of bytes to and from one peer over a nonblocking socket, plain or under TLS. A TLS
// handshake happens inside the first reads and writes, which are "blocked" until it is done.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "os/fd.h"

namespace distkv::os {

inline constexpr std::size_t kPiecesMax = 64;

class Transport {
public:
    struct Moved {
        std::size_t bytes;
        bool blocked;  // The kernel has no more, for now: wait until the socket is ready.
    };

    explicit Transport(Fd socket) : socket_(std::move(socket)) {}
    virtual ~Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    // kRetry with the reason when the connection is over, at its regular end too.
    virtual base::Result<Moved> read(std::span<char> into) = 0;
    // At most kPiecesMax pieces.
    virtual base::Result<Moved> write(std::span<const base::ByteView> pieces) = 0;

    // That the peer has proved to be this node, where the transport can tell.
    virtual base::Result<void> check_peer_is(base::NodeId node) = 0;

    [[nodiscard]] const Fd& socket() const { return socket_; }

private:
    Fd socket_;
};

std::unique_ptr<Transport> plain_transport(Fd socket);

}  // namespace distkv::os
