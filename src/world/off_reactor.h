// Runs a blocking call on a thread that may block, and brings its answer home. A number travels,
// not a pointer: a task that was cancelled in between is simply not found, and the answer is
// dropped. The call itself then still takes place.
//
//     const Status done = co_await off_reactor(world, [store] { return store->flush(); });
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "world/reactors.h"
#include "world/signal.h"
#include "world/task.h"
#include "world/world.h"

namespace distkv::world {

// `start` gets a function to call on some other thread; what that returns is to be posted home.
// `work` must own all that it uses.
template <class Start, class Work, class T = std::invoke_result_t<Work>>
Task<T> off_reactor_through(World& here, Start start, Work work) {
    struct Answer : PendingCalls::Call {
        explicit Answer(World& world) : Call(world.pending_calls()), changed(world.scheduler()) {}
        std::optional<T> value;
        Signal changed;
    };
    Answer answer(here);
    start(World::BlockingWork(
        [number = answer.number(), work = std::move(work)]() mutable -> Reactors::Work {
            return [number, value = work()](World& there) mutable {
                if (PendingCalls::Call* waiting = there.pending_calls().find(number)) {
                    auto& found = static_cast<Answer&>(*waiting);
                    found.value.emplace(std::move(value));
                    found.changed.wake_all();
                }
            };
        }));
    while (!answer.value) {
        co_await answer.changed.wait();
    }
    co_return std::move(*answer.value);
}

template <class Work, class T = std::invoke_result_t<Work>>
Task<T> off_reactor(World& here, Work work) {
    co_return co_await off_reactor_through(
        here, [&here](World::BlockingWork blocking) { here.start_blocking(std::move(blocking)); },
        std::move(work));
}

}  // namespace distkv::world
