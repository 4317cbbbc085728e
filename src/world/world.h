// Everything that one reactor of a node can see and do of the outside. Node code takes a World& and
// nothing else: no clocks, sockets, files or threads of its own. There are two kinds of world: the
// machine's (src/os) and the simulated planet's (src/sim). Nobody asks which.
#pragma once

#include <functional>

#include "base/id.h"
#include "base/log.h"
#include "base/rng.h"
#include "time/instant.h"
#include "world/disk.h"
#include "world/locals.h"
#include "world/marks.h"
#include "world/network.h"
#include "world/reactors.h"
#include "world/scheduler.h"
#include "world/scope.h"
#include "world/signal.h"
#include "world/task.h"

namespace distkv::world {

class World {
public:
    struct Parts {
        base::NodeId node;
        std::uint64_t seed;
        base::Log log;
        bool disorder = false;  // See Scheduler.
    };
    explicit World(Parts parts);
    virtual ~World() = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] virtual time::MonoTime mono_now() = 0;
    [[nodiscard]] virtual time::WallTime wall_now() = 0;
    [[nodiscard]] virtual Network& network() = 0;
    [[nodiscard]] virtual Disk& disk() = 0;
    [[nodiscard]] virtual Reactors& reactors() = 0;

    // Calls the function on a thread that may block (a simulated one blocks nobody), then runs what
    // it returned on this reactor. Use off_reactor().
    using BlockingWork = std::move_only_function<Reactors::Work()>;
    virtual void start_blocking(BlockingWork work) = 0;

    [[nodiscard]] base::NodeId node() const { return node_; }
    [[nodiscard]] base::Rng& rng() { return rng_; }
    [[nodiscard]] const base::Log& log() const { return log_; }
    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
    [[nodiscard]] PendingCalls& pending_calls() { return pending_calls_; }
    [[nodiscard]] Locals& locals() { return locals_; }

    struct Sleep {
        Scheduler& scheduler;
        time::MonoTime due;
        Timer timer;

        static bool await_ready() { return false; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> waiting) {
            timer.capture(waiting);
            scheduler.arm(timer, due);
        }
        static void await_resume() {}
    };
    [[nodiscard]] Sleep sleep_until(time::MonoTime due) { return {scheduler_, due, {}}; }
    [[nodiscard]] Sleep sleep_for(time::Duration span) { return sleep_until(mono_now() + span); }

    // Lets other ready tasks, and the outside, have a turn.
    [[nodiscard]] Sleep yield() { return sleep_until(mono_now()); }

    // Raised when the node is asked to stop politely. It then has a moment to finish; what is left
    // after that is cancelled.
    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] Signal& stop_signal() { return stop_signal_; }
    void ask_to_stop();

    void mark(Mark mark) { ++marks_[static_cast<std::size_t>(mark)]; }
    [[nodiscard]] const MarkCounts& marks() const { return marks_; }

private:
    base::NodeId node_;
    base::Rng rng_;
    base::Rng disorder_;
    base::Log log_;
    Scheduler scheduler_;
    PendingCalls pending_calls_;
    Locals locals_;
    Signal stop_signal_;
    bool stopping_ = false;
    MarkCounts marks_{};
};

}  // namespace distkv::world
