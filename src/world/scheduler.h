// Runs the tasks of one reactor: those that are ready, in order, and those whose timer is due. The
// same code in the real and in the simulated world; only who calls it, and what `now` is, differ.
//
//     spawned ──► ready ──► running ──► waiting ──► ready ...     (a Waiter in some list)
//                    │          │           │
//                    └──────────┴───────────┴──► gone             finished, or its Scope ended
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/rng.h"
#include "time/instant.h"
#include "world/task.h"
#include "world/timer_queue.h"
#include "world/waiter.h"

namespace distkv::world {

class Scope;

class Scheduler {
public:
    // With `disorder`, a woken task goes to either end of the queue at random: the order in which
    // unrelated tasks run is nobody's promise, and the simulator makes sure that nobody relies on
    // it.
    explicit Scheduler(base::Rng* disorder = nullptr) : disorder_(disorder) {}
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    // Moves a waiter from where it waits to the queue of those to be resumed.
    void wake(Waiter& waiter);

    void arm(Timer& timer, time::MonoTime due) { timers_.arm(timer, due); }
    [[nodiscard]] std::optional<time::MonoTime> next_due() const { return timers_.next_due(); }

    // Wakes every task whose timer is due.
    void fire_timers(time::MonoTime now);

    // Ends doomed scopes, then resumes one ready task. False when there was none.
    bool run_one();
    [[nodiscard]] bool has_ready() const;

    // What is alive; all zero once every scope has ended.
    struct Census {
        std::size_t tasks;
        std::size_t timers;

        bool operator==(const Census&) const = default;
    };
    [[nodiscard]] Census census() const { return {tasks_, timers_.size()}; }

    // The name of the task that is running, for log lines; empty between tasks.
    [[nodiscard]] std::string_view running() const;

private:
    friend class Root;
    friend class Scope;
    friend void root_finished(Root& root);

    void finish(Root& root);
    void end_doomed_scopes();

    WaitList ready_;
    TimerQueue timers_;
    base::Rng* disorder_;
    Root* running_ = nullptr;
    Root* finished_ = nullptr;
    Scope* doomed_ = nullptr;
    std::size_t tasks_ = 0;
};

}  // namespace distkv::world
