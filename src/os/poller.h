// Tells handlers that their descriptors are ready (epoll, edge-triggered: a handler is told once,
// and must read or write until the kernel has no more before it is told again).
//
// Edge-triggered, because pausing a reader or waiting for a socket to drain then costs no system
// call: docs/decisions/0003-epoll.md has the figures.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "os/fd.h"
#include "time/instant.h"

namespace distkv::os {

class PollHandler {
public:
    struct Ready {
        bool readable;  // Or the peer is gone: reading says which.
        bool writable;
        bool hung_up;  // No more bytes will come after those already here.
    };
    // May remove or destroy any handler, itself included.
    virtual void on_ready(Ready ready) = 0;

protected:
    ~PollHandler() = default;
};

class Poller {
public:
    static base::Result<Poller> make();

    // The handler must be removed before it or the descriptor goes.
    base::Result<void> add(int fd, PollHandler& handler);
    void remove(int fd, PollHandler& handler);

    // Waits for at most `timeout` (for ever when there is none), then tells the handlers.
    void wait(std::optional<time::Duration> timeout);

private:
    explicit Poller(Fd epoll) : epoll_(std::move(epoll)) {}

    int wait_nanos(std::span<epoll_event> events, std::optional<time::Duration> timeout);
    int wait_millis(std::span<epoll_event> events, std::optional<time::Duration> timeout) const;

    Fd epoll_;
    bool wait_precisely_ = true;
    std::span<epoll_event> undelivered_;
};

}  // namespace distkv::os
