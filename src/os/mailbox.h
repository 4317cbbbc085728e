// Work for one reactor from other threads: its siblings, the file threads, whoever asks the node
// to stop. Posting wakes the reactor only when it sleeps; a busy one looks at every pass.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "os/fd.h"
#include "os/poller.h"
#include "world/reactors.h"
#include "world/world.h"  // Work takes a World&, and wants it complete.

namespace distkv::os {

class Mailbox final : public PollHandler {
public:
    using Work = world::Reactors::Work;

    static base::Result<std::unique_ptr<Mailbox>> make();
    explicit Mailbox(Fd event) : event_(std::move(event)) {}
    virtual ~Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    // Any thread. False, and the work is dropped, when limits::kReactorInboxMax wait already.
    [[nodiscard]] bool try_post(Work work);

    // Any thread; for work that is bounded where it is made: answers, completions.
    void post(Work work);

    // The reactor only, from here on. What has been posted since the last call.
    std::vector<Work> take();

    // False when there is work to take. Otherwise a later post makes fd() readable.
    [[nodiscard]] bool may_sleep();
    void awake();

    [[nodiscard]] int fd() const { return event_.get(); }
    void on_ready(Ready ready) override;

private:
    void append(Work work, std::unique_lock<std::mutex> held);

    Fd event_;
    std::mutex mutex_;
    std::vector<Work> waiting_;
    std::atomic<bool> has_work_ = false;  // So that a busy reactor need not lock to see nothing.
    bool asleep_ = false;
};

}  // namespace distkv::os
