// The yardstick of frames_bench.cc, and nothing else: sockets, epoll and framing as one writes them
// by hand, without bounds, errors, reconnecting, tasks or timers. Not part of the product.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"

namespace distkv::os::bare {

// A payload of one's own, as C makes it; a view when `owned` is off.
struct Payload {
    bool owned;
    char* bytes;

    Payload(bool own, const char* from, std::size_t size)
        : owned(own), bytes(own ? static_cast<char*>(std::malloc(size)) : const_cast<char*>(from)) {
        if (owned) {
            std::memcpy(bytes, from, size);
        }
    }
    ~Payload() {
        if (owned) {
            std::free(bytes);
        }
    }
    Payload(const Payload&) = delete;
    Payload& operator=(const Payload&) = delete;
};

struct Wire {
    bool owned;
    int fd;
    int epoll;
    std::vector<char> in = std::vector<char>(std::size_t{64} << 10);
    std::size_t held = 0;
    std::vector<char> out;
    std::size_t sent = 0;

    Wire(int socket, bool own) : owned(own), fd(socket), epoll(::epoll_create1(0)) {
        watch(EPOLL_CTL_ADD, EPOLLIN);
        out.reserve(std::size_t{256} << 10);
    }
    ~Wire() {
        ::close(epoll);
        ::close(fd);
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void watch(int operation, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        CHECK(::epoll_ctl(epoll, operation, fd, &event) == 0);
    }

    void put(const char* payload, std::uint32_t size) {
        const std::size_t at = out.size();
        out.resize(at + 8 + size);
        std::memcpy(out.data() + at, &size, 4);
        std::memcpy(out.data() + at + 8, payload, size);
        const std::uint32_t sum = base::crc32c({payload, size}, base::crc32c({out.data() + at, 4}));
        std::memcpy(out.data() + at + 4, &sum, 4);
    }

    // True when all is written.
    bool flush() {
        while (sent < out.size()) {
            const ssize_t wrote = ::send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
            if (wrote < 0) {
                CHECK(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
                return false;
            }
            sent += static_cast<std::size_t>(wrote);
        }
        out.clear();
        sent = 0;
        return true;
    }

    // Waits, reads once, and calls the handler for every whole frame.
    void wait(void (*handler)(void*, const char*, std::uint32_t), void* context) {
        const bool blocked = !out.empty();
        if (blocked) {
            watch(EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        }
        epoll_event event{};
        const int count = ::epoll_wait(epoll, &event, 1, 10);
        if (blocked) {
            watch(EPOLL_CTL_MOD, EPOLLIN);
        }
        if (count <= 0 || (event.events & EPOLLIN) == 0) {
            return;
        }
        const ssize_t got = ::recv(fd, in.data() + held, in.size() - held, 0);
        held += got > 0 ? static_cast<std::size_t>(got) : 0;
        std::size_t at = 0;
        while (held - at >= 8) {
            std::uint32_t size = 0;
            std::uint32_t claimed = 0;
            std::memcpy(&size, in.data() + at, 4);
            std::memcpy(&claimed, in.data() + at + 4, 4);
            CHECK(size <= 4096);
            if (held - at < 8 + size) {
                break;
            }
            const char* payload = in.data() + at + 8;
            CHECK(base::crc32c({payload, size}, base::crc32c({in.data() + at, 4})) == claimed);
            const Payload mine(owned, payload, size);
            handler(context, mine.bytes, size);
            at += 8 + size;
        }
        std::memmove(in.data(), in.data() + at, held - at);
        held -= at;
    }
};

inline std::array<int, 2> loopback_pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    CHECK(::bind(listener, reinterpret_cast<sockaddr*>(&at), size) == 0);
    CHECK(::listen(listener, 1) == 0);
    CHECK(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    const int calling = ::socket(AF_INET, SOCK_STREAM, 0);
    CHECK(::connect(calling, reinterpret_cast<sockaddr*>(&at), size) == 0);
    const int answering = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    for (const int fd : {calling, answering}) {
        const int one = 1;
        CHECK(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
        CHECK(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    }
    return {calling, answering};
}

}  // namespace distkv::os::bare
