#include "sim/event_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace distkv::sim {

void EventQueue::schedule(TrueTime at, Event event) {
    CHECK(at >= now_);
    std::uint32_t slot = 0;
    if (free_slots_.empty()) {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.push_back(std::move(event));
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
        slots_[slot] = std::move(event);
    }
    heap_.push_back({at, sequence_++, slot});
    std::ranges::push_heap(heap_, Entry::later);
}

bool EventQueue::run_next(TrueTime until) {
    if (heap_.empty() || heap_.front().at > until) {
        now_ = until;
        return false;
    }
    std::ranges::pop_heap(heap_, Entry::later);
    const Entry next = heap_.back();
    heap_.pop_back();
    now_ = next.at;
    ++events_run_;
    Event event = std::move(slots_[next.slot]);
    free_slots_.push_back(next.slot);
    event();
    return true;
}

}  // namespace distkv::sim
