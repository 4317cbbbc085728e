// How one task tells others that something changed. The teller says nothing about what: whoever is
// woken looks again, because by the time it runs the world may have moved on.
//
//     while (queue.empty()) { co_await changed.wait(); }
#pragma once

#include "world/scheduler.h"
#include "world/waiter.h"

namespace distkv::world {

class Signal {
public:
    explicit Signal(Scheduler& scheduler) : scheduler_(scheduler) {}

    class Wait {
    public:
        explicit Wait(Signal& signal) : signal_(signal) {}
        // Woken and then cancelled: the wake-up belongs to the next in line.
        ~Wait() {
            if (waiter_.ready()) {
                waiter_.unlink();
                signal_.wake_one();
            }
        }
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

        static bool await_ready() { return false; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> waiting) {
            waiter_.capture(waiting);
            signal_.waiters_.push_back(waiter_);
        }
        static void await_resume() {}

    private:
        Signal& signal_;
        Waiter waiter_;
    };

    // The signal must outlive its waiters.
    Wait wait() { return Wait(*this); }

    void wake_one() {
        if (!waiters_.empty()) {
            scheduler_.wake(waiters_.front());
        }
    }
    void wake_all() {
        while (!waiters_.empty()) {
            scheduler_.wake(waiters_.front());
        }
    }
    [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }

private:
    Scheduler& scheduler_;
    WaitList waiters_;
};

}  // namespace distkv::world
