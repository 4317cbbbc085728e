// Runs a function on another reactor of the same node and waits for what it returns.
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "world/reactors.h"
#include "world/signal.h"
#include "world/task.h"
#include "world/world.h"

namespace distkv::world {

// `work(World& there)` runs there without waiting. kRetry: the other reactor's inbox was full and
// nothing happened. A caller that is cancelled in between does not stop the work.
template <class Work, class T = std::invoke_result_t<Work, World&>>
Task<base::Result<T>> call(World& here, base::ReactorId to, Work work) {
    struct Answer : PendingCalls::Call {
        explicit Answer(World& world) : Call(world.pending_calls()), changed(world.scheduler()) {}
        std::optional<T> value;
        Signal changed;
    };
    Answer answer(here);
    auto there = [from = here.reactors().self(), number = answer.number(),
                  work = std::move(work)](World& other) mutable {
        auto back = [number, value = work(other)](World& home) mutable {
            if (PendingCalls::Call* waiting = home.pending_calls().find(number)) {
                auto& found = static_cast<Answer&>(*waiting);
                found.value = std::move(value);
                found.changed.wake_all();
            }
        };
        other.reactors().answer(from, std::move(back));
    };
    if (!here.reactors().post(to, std::move(there))) {
        co_return base::fail(base::Errc::kRetry,
                             "reactor " + to_string(to) + " has no room for more messages");
    }
    while (!answer.value) {
        co_await answer.changed.wait();
    }
    co_return std::move(*answer.value);
}

}  // namespace distkv::world
