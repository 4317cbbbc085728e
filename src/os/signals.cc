#include "os/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

sigset_t stop_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

void block_stop_signals() {
    const sigset_t set = stop_signals();
    CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
}

void ignore_broken_pipes() {
    CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

base::Result<std::unique_ptr<StopSignals>> StopSignals::watch(Poller& poller,
                                                              std::function<void(int)> action) {
    const sigset_t set = stop_signals();
    Fd signals(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals) {
        return base::fail(base::Errc::kRetry, errno_text("signalfd", errno));
    }
    const int fd = signals.get();
    auto watching = std::make_unique<StopSignals>(poller, std::move(signals), std::move(action));
    if (auto added = poller.add(fd, *watching); !added) {
        CHECK(false, added.error().detail);
    }
    return watching;
}

StopSignals::~StopSignals() {
    poller_.remove(signals_.get(), *this);
}

void StopSignals::on_ready(Ready ready) {
    signalfd_siginfo about{};
    while (ready.readable && ::read(signals_.get(), &about, sizeof about) == sizeof about) {
        action_(static_cast<int>(about.ssi_signo));
    }
}

}  // namespace distkv::os
