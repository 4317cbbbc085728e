// SIGTERM and SIGINT as events of a reactor. They must be blocked in every thread of the process,
// so block_stop_signals() comes before the first thread starts.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "os/fd.h"
#include "os/poller.h"

namespace distkv::os {

void block_stop_signals();

// A peer that hangs up in the middle of a write is an ordinary event.
void ignore_broken_pipes();

class StopSignals final : public PollHandler {
public:
    static base::Result<std::unique_ptr<StopSignals>> watch(Poller& poller,
                                                            std::function<void(int)> action);
    StopSignals(Poller& poller, Fd signals, std::function<void(int)> action)
        : poller_(poller), signals_(std::move(signals)), action_(std::move(action)) {}
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    void on_ready(Ready ready) override;

private:
    Poller& poller_;
    Fd signals_;
    std::function<void(int)> action_;
};

}  // namespace distkv::os
