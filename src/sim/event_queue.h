// The discrete-event scheduler: virtual time jumps from one event to the next. Events of the same
// moment run in the order they were scheduled, so a run depends on nothing but its inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sim/true_time.h"

namespace distkv::sim {

class EventQueue {
public:
    using Event = std::move_only_function<void()>;

    // `at` must not lie in the past.
    void schedule(TrueTime at, Event event);
    void schedule_in(time::Duration delay, Event event) {
        schedule(now_ + delay, std::move(event));
    }

    // Runs the next event, unless it lies after `until`. False when there was none to run; time
    // then stands at `until`.
    bool run_next(TrueTime until);

    [[nodiscard]] TrueTime now() const { return now_; }
    [[nodiscard]] std::uint64_t events_run() const { return events_run_; }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }

private:
    // The functions stay in their slots; only these small entries move within the heap.
    struct Entry {
        TrueTime at;
        std::uint64_t sequence;
        std::uint32_t slot;

        // std::push_heap keeps the greatest on top, so the last comes first in this order.
        static bool later(const Entry& a, const Entry& b) {
            return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
        }
    };

    std::vector<Entry> heap_;
    std::vector<Event> slots_;
    std::vector<std::uint32_t> free_slots_;
    TrueTime now_{};
    std::uint64_t sequence_ = 0;
    std::uint64_t events_run_ = 0;
};

}  // namespace distkv::sim
