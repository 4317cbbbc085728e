// Runs a blocking call on a worker thread and brings its answer home. A number travels, not a
// pointer: a task that was cancelled in between is simply not found, and the answer is dropped.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "os/mailbox.h"
#include "os/worker.h"
#include "world/reactors.h"
#include "world/signal.h"
#include "world/task.h"
#include "world/world.h"

namespace distkv::os {

// `work` must own all that it uses. `home` is the mailbox of `here` and outlives the worker.
template <class Work, class T = std::invoke_result_t<Work>>
world::Task<T> off_reactor(world::World& here, Mailbox& home, Worker& worker, Work work) {
    struct Answer : world::PendingCalls::Call {
        explicit Answer(world::World& world)
            : Call(world.pending_calls()), changed(world.scheduler()) {}
        std::optional<T> value;
        world::Signal changed;
    };
    Answer answer(here);
    worker.push([&home, number = answer.number(), work = std::move(work)]() mutable {
        home.post([number, value = work()](world::World& there) mutable {
            if (world::PendingCalls::Call* waiting = there.pending_calls().find(number)) {
                auto& found = static_cast<Answer&>(*waiting);
                found.value.emplace(std::move(value));
                found.changed.wake_all();
            }
        });
    });
    while (!answer.value) {
        co_await answer.changed.wait();
    }
    co_return std::move(*answer.value);
}

}  // namespace distkv::os
