#include "os/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

class PlainTransport final : public Transport {
public:
    using Transport::Transport;

    base::Result<Moved> read(std::span<char> into) override {
        ssize_t got = 0;
        do {
            got = ::recv(socket().get(), into.data(), into.size(), 0);
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            const auto bytes = static_cast<std::size_t>(got);
            return Moved{.bytes = bytes, .blocked = bytes < into.size()};
        }
        if (got < 0 && would_block(errno)) {
            return Moved{.bytes = 0, .blocked = true};
        }
        return base::fail(base::Errc::kRetry,
                          got == 0 ? "closed by the peer" : errno_text("recv", errno));
    }

    base::Result<Moved> write(std::span<const base::ByteView> pieces) override {
        ssize_t sent = 0;
        do {  // The usual single piece is cheaper without a list of one.
            sent = pieces.size() == 1
                       ? ::send(socket().get(), pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL)
                       : send_pieces(pieces);
        } while (sent < 0 && errno == EINTR);
        const std::size_t asked = total(pieces);
        if (sent >= 0) {
            const auto bytes = static_cast<std::size_t>(sent);
            return Moved{.bytes = bytes, .blocked = bytes < asked};
        }
        if (would_block(errno)) {
            return Moved{.bytes = 0, .blocked = true};
        }
        return base::fail(base::Errc::kRetry, errno_text("send", errno));
    }

    base::Result<void> check_peer_is(base::NodeId /*node*/) override { return {}; }

private:
    static std::size_t total(std::span<const base::ByteView> pieces) {
        std::size_t bytes = 0;
        for (const base::ByteView piece : pieces) {
            bytes += piece.size();
        }
        return bytes;
    }

    [[nodiscard]] ssize_t send_pieces(std::span<const base::ByteView> pieces) const {
        std::array<iovec, kPiecesMax> parts;
        CHECK(pieces.size() <= parts.size());
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            parts[i] = {.iov_base = const_cast<char*>(pieces[i].data()),
                        .iov_len = pieces[i].size()};
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = pieces.size();
        return ::sendmsg(socket().get(), &message, MSG_NOSIGNAL);
    }
};

}  // namespace

std::unique_ptr<Transport> plain_transport(Fd socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace distkv::os
