// Work that has to be finished by a moment, or is dropped.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "world/scheduler.h"
#include "world/task.h"
#include "world/timer_queue.h"

namespace distkv::world {

// Resumes its parent when the work is done or the timer fires, whichever comes first.
template <class T>
struct DeadlineRace {
    Scheduler& scheduler;
    time::MonoTime due;
    Task<base::Result<T>> work;
    Timer timer;

    static bool await_ready() { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) {
        timer.capture(parent);
        scheduler.arm(timer, due);
        return Task<base::Result<T>>::start(work.handle(), parent);
    }
    base::Result<T> await_resume() {
        timer.disarm();
        if (!work.handle().done()) {
            work.drop();
            return base::fail(base::Errc::kUnknown, "the deadline passed before an answer");
        }
        return work.handle().promise().take();
    }
};

// What `work` answers, or, when the deadline comes first, kUnknown: work was dropped in its middle,
// and whether its effects took place is for the caller to find out. When both happen in the same
// moment, whichever the scheduler resumes first decides.
template <class T>
DeadlineRace<T> with_deadline(Scheduler& scheduler, time::MonoTime due,
                              Task<base::Result<T>> work) {
    return {scheduler, due, std::move(work), {}};
}

}  // namespace distkv::world
