// Runs a blocking call on a worker thread and brings its answer home.
#pragma once

#include <type_traits>
#include <utility>

#include "os/mailbox.h"
#include "os/worker.h"
#include "world/off_reactor.h"

namespace distkv::os {

// `home` is the mailbox of a reactor and outlives the worker.
inline void run_blocking(Mailbox& home, Worker& worker, world::World::BlockingWork work) {
    worker.push([&home, work = std::move(work)]() mutable { home.post(work()); });
}

template <class Work, class T = std::invoke_result_t<Work>>
world::Task<T> off_reactor(world::World& here, Mailbox& home, Worker& worker, Work work) {
    co_return co_await world::off_reactor_through(
        here,
        [&home, &worker](world::World::BlockingWork blocking) {
            run_blocking(home, worker, std::move(blocking));
        },
        std::move(work));
}

}  // namespace distkv::os
