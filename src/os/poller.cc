#include "os/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

constexpr int kEventsMax = 64;

}  // namespace

base::Result<Poller> Poller::make() {
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) {
        return base::fail(base::Errc::kRetry, errno_text("epoll_create1", errno));
    }
    return Poller(std::move(epoll));
}

base::Result<void> Poller::add(int fd, PollHandler& handler) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &handler;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return base::fail(base::Errc::kRetry, errno_text("epoll_ctl", errno));
    }
    return {};
}

void Poller::remove(int fd, PollHandler& handler) {
    CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
    for (epoll_event& event : undelivered_) {
        if (event.data.ptr == &handler) {
            event.data.ptr = nullptr;
        }
    }
}

int Poller::wait_nanos(std::span<epoll_event> events, std::optional<time::Duration> timeout) {
    timespec limit{};
    if (timeout) {
        const auto nanos = std::max<std::int64_t>(timeout->count(), 0);
        limit.tv_sec = nanos / 1'000'000'000;
        limit.tv_nsec = nanos % 1'000'000'000;
    }
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), kEventsMax,
                                     timeout ? &limit : nullptr, nullptr);
    if (count < 0 && errno == ENOSYS) {  // Linux before 5.11, valgrind.
        wait_precisely_ = false;
        return wait_millis(events, timeout);
    }
    return count;
}

int Poller::wait_millis(std::span<epoll_event> events,
                        std::optional<time::Duration> timeout) const {
    // Up, else a reactor would spin until the timer is due.
    const auto millis =
        timeout ? std::chrono::ceil<std::chrono::milliseconds>(*timeout).count() : -1;
    const auto most = std::clamp<std::int64_t>(millis, timeout ? 0 : -1, INT_MAX);
    return ::epoll_wait(epoll_.get(), events.data(), kEventsMax, static_cast<int>(most));
}

void Poller::wait(std::optional<time::Duration> timeout) {
    std::array<epoll_event, kEventsMax> events;
    const int count = wait_precisely_ ? wait_nanos(events, timeout) : wait_millis(events, timeout);
    CHECK(count >= 0 || errno == EINTR);
    undelivered_ = {events.data(), static_cast<std::size_t>(std::max(count, 0))};
    while (!undelivered_.empty()) {
        const epoll_event event = undelivered_.front();
        undelivered_ = undelivered_.subspan(1);
        if (event.data.ptr != nullptr) {
            const auto has = [&event](std::uint32_t bits) { return (event.events & bits) != 0; };
            static_cast<PollHandler*>(event.data.ptr)
                ->on_ready({.readable = has(EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR),
                            .writable = has(EPOLLOUT | EPOLLHUP | EPOLLERR),
                            .hung_up = has(EPOLLRDHUP | EPOLLHUP | EPOLLERR)});
        }
    }
}

}  // namespace distkv::os
