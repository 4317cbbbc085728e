#include "os/mailbox.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "os/errno_text.h"

namespace distkv::os {

base::Result<std::unique_ptr<Mailbox>> Mailbox::make() {
    Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) {
        return base::fail(base::Errc::kRetry, errno_text("eventfd", errno));
    }
    return std::make_unique<Mailbox>(std::move(event));
}

bool Mailbox::try_post(Work work) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= base::limits::kReactorInboxMax) {
        return false;
    }
    append(std::move(work), std::move(lock));
    return true;
}

void Mailbox::post(Work work) {
    append(std::move(work), std::unique_lock(mutex_));
}

void Mailbox::append(Work work, std::unique_lock<std::mutex> held) {
    waiting_.push_back(std::move(work));
    has_work_ = true;
    const bool wake = std::exchange(asleep_, false);
    held.unlock();
    if (wake) {
        const std::uint64_t one = 1;
        CHECK(::write(event_.get(), &one, sizeof one) == sizeof one);
    }
}

std::vector<Mailbox::Work> Mailbox::take() {
    if (!has_work_.load(std::memory_order_relaxed)) {  // What is missed, may_sleep() sees.
        return {};
    }
    const std::lock_guard lock(mutex_);
    has_work_ = false;
    return std::exchange(waiting_, {});
}

bool Mailbox::may_sleep() {
    const std::lock_guard lock(mutex_);
    asleep_ = waiting_.empty();
    return asleep_;
}

void Mailbox::awake() {
    const std::lock_guard lock(mutex_);
    asleep_ = false;
}

// The edge has woken us; the counter is reset so that it cannot fill up in 2^64 posts.
void Mailbox::on_ready(Ready ready) {
    std::uint64_t count = 0;
    if (ready.readable && ::read(event_.get(), &count, sizeof count) < 0) {
        CHECK(errno == EAGAIN);
    }
}

}  // namespace distkv::os
