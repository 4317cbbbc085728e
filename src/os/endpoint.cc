#include "os/endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

constexpr int kListenBacklog = 1024;

struct FreeAddresses {
    void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

base::Result<Addresses> look_up(const Endpoint& endpoint, int flags) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(endpoint.port);
    const char* host = endpoint.host.empty() ? nullptr : endpoint.host.c_str();
    if (const int failed = ::getaddrinfo(host, port.c_str(), &wanted, &found); failed != 0) {
        return base::fail(base::Errc::kRetry,
                          "cannot resolve " + to_string(endpoint) + ": " + ::gai_strerror(failed));
    }
    return Addresses(found);
}

void set_option(const Fd& socket, int level, int name, int value) {
    // Options tune; a kernel without one of them still carries bytes.
    static_cast<void>(::setsockopt(socket.get(), level, name, &value, sizeof value));
}

const sockaddr* as_sockaddr(const SocketAddress& address) {
    return reinterpret_cast<const sockaddr*>(address.bytes.data());
}

}  // namespace

base::Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto bad = [text] {
        return base::fail(base::Errc::kInvalid, "the address \"" + std::string(text) +
                                                    "\": expected host:port or [IPv6]:port");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return bad();
    }
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        return bad();
    }
    const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host.contains('[') || (host.contains(':') && !bracketed)) {
        return bad();
    }
    return Endpoint{.host = std::string(host), .port = port};
}

std::string to_string(const Endpoint& endpoint) {
    const bool bracket = endpoint.host.contains(':');
    return (bracket ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
           std::to_string(endpoint.port);
}

bool is_numeric(const Endpoint& endpoint) {
    return look_up(endpoint, AI_NUMERICHOST).has_value();
}

base::Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint) {
    const Addresses found = TRY(look_up(endpoint, 0));
    std::vector<SocketAddress> addresses;
    for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
        addresses.push_back(
            {std::string(reinterpret_cast<const char*>(each->ai_addr), each->ai_addrlen)});
    }
    return addresses;
}

base::Result<Fd> listen_at(const Endpoint& endpoint) {
    const Addresses found = TRY(look_up(endpoint, AI_PASSIVE));
    Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto failed = [&endpoint] {
        return base::fail(base::Errc::kInvalid,
                          errno_text("cannot listen at " + to_string(endpoint), errno));
    };
    if (!socket) {
        return failed();
    }
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), kListenBacklog) != 0) {
        return failed();
    }
    return socket;
}

base::Result<std::uint16_t> port_of(const Fd& listener) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
        return base::fail(base::Errc::kInvalid, errno_text("getsockname", errno));
    }
    if (bound.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

void prepare_socket(const Fd& socket, const SocketOptions& options) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT,
               static_cast<int>(options.unacknowledged_ms_max));
    if (options.send_buffer_bytes > 0) {
        set_option(socket, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);
    }
    if (options.receive_buffer_bytes > 0) {
        set_option(socket, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
    }
}

base::Result<Fd> begin_connect(const SocketAddress& to, const SocketOptions& options) {
    const int family = as_sockaddr(to)->sa_family;
    Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) {
        return base::fail(base::Errc::kRetry, errno_text("socket", errno));
    }
    prepare_socket(socket, options);
    const auto size = static_cast<socklen_t>(to.bytes.size());
    if (::connect(socket.get(), as_sockaddr(to), size) != 0 && errno != EINPROGRESS) {
        return base::fail(base::Errc::kRetry, errno_text("connect", errno));
    }
    return socket;
}

base::Result<void> finish_connect(const Fd& socket) {
    int error = 0;
    socklen_t size = sizeof error;
    CHECK(::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0);
    if (error != 0) {
        return base::fail(base::Errc::kRetry, errno_text("connect", error));
    }
    return {};
}

}  // namespace distkv::os
