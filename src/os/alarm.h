// Timers of the connections themselves. Apart from those of tasks, so that the scheduler's census
// counts only what node code has started.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "time/instant.h"
#include "world/timer_queue.h"

namespace distkv::os {

using Alarms = world::TimerQueue;

// Calls a function once, unless it is set again or destroyed before.
class Alarm : private world::Timer {
public:
    Alarm(Alarms& alarms, std::function<void()> action)
        : alarms_(alarms), action_(std::move(action)) {}

    void set(time::MonoTime due) {
        disarm();
        alarms_.arm(*this, due);
    }
    void clear() { disarm(); }

    // The action may destroy its alarm.
    static void fire_due(Alarms& alarms, time::MonoTime now) {
        while (world::Timer* due = alarms.take_due(now)) {
            const auto action = static_cast<Alarm*>(due)->action_;
            action();
        }
    }

private:
    Alarms& alarms_;
    std::function<void()> action_;
};

}  // namespace distkv::os
