// Where a peer listens, as people write it, and the sockets that follow from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace distkv::os {

struct Endpoint {
    std::string host;  // A name, or an IPv4 or IPv6 number.
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

// "host:port", "1.2.3.4:7000", "[::1]:7000".
base::Result<Endpoint> parse_endpoint(std::string_view text);
std::string to_string(const Endpoint& endpoint);

// The bytes of a sockaddr.
struct SocketAddress {
    std::string bytes;
};

[[nodiscard]] bool is_numeric(const Endpoint& endpoint);

// All addresses of an endpoint. Asks the resolver, and may block for many seconds, unless
// is_numeric().
base::Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint);

// Nonblocking sockets, closed on exec.
base::Result<Fd> listen_at(const Endpoint& endpoint);
base::Result<std::uint16_t> port_of(const Fd& listener);

struct SocketOptions {
    // After so long without an acknowledgement the connection counts as broken.
    unsigned unacknowledged_ms_max = 10'000;
    int send_buffer_bytes = 0;  // 0: the kernel decides, which is best outside of tests.
    int receive_buffer_bytes = 0;
};

// A connection that is being made: writable, or hung up, when it is decided.
base::Result<Fd> begin_connect(const SocketAddress& to, const SocketOptions& options);
base::Result<void> finish_connect(const Fd& socket);
void prepare_socket(const Fd& socket, const SocketOptions& options);

}  // namespace distkv::os
