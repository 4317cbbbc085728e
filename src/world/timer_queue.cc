#include "world/timer_queue.h"

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::world {

void Timer::disarm() {
    if (queue_ != nullptr) {
        queue_->disarm(*this);
    }
    unlink();
}

TimerQueue::~TimerQueue() {
    for (const Entry& entry : heap_) {
        if (entry.timer != nullptr) {
            entry.timer->queue_ = nullptr;
        }
    }
}

void TimerQueue::arm(Timer& timer, time::MonoTime due) {
    CHECK(timer.queue_ == nullptr);
    timer.queue_ = this;
    heap_.push_back({});
    put(heap_.size() - 1, {due, sequence_++, &timer});
    sift_up(heap_.size() - 1);
}

void TimerQueue::disarm(Timer& timer) {
    CHECK(timer.queue_ == this);
    CHECK(timer.place_ < heap_.size() && heap_[timer.place_].timer == &timer);
    timer.queue_ = nullptr;
    if (MUTANT(cancel_leaks_timer)) {
        heap_[timer.place_].timer = nullptr;
        return;
    }
    remove(timer.place_);
}

std::optional<time::MonoTime> TimerQueue::next_due() const {
    if (heap_.empty()) {
        return std::nullopt;
    }
    return heap_.front().due;
}

Timer* TimerQueue::take_due(time::MonoTime now) {
    while (!heap_.empty() && heap_.front().due <= now) {
        Timer* timer = heap_.front().timer;
        remove(0);
        if (timer != nullptr) {
            timer->queue_ = nullptr;
            return timer;
        }
    }
    return nullptr;
}

void TimerQueue::put(std::size_t place, Entry entry) {
    heap_[place] = entry;
    if (entry.timer != nullptr) {
        entry.timer->place_ = place;
    }
}

void TimerQueue::sift_up(std::size_t place) {
    const Entry moving = heap_[place];
    while (place > 0) {
        const std::size_t parent = (place - 1) / 2;
        if (!moving.before(heap_[parent])) {
            break;
        }
        put(place, heap_[parent]);
        place = parent;
    }
    put(place, moving);
}

void TimerQueue::sift_down(std::size_t place) {
    const Entry moving = heap_[place];
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= heap_.size()) {
            break;
        }
        if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) {
            ++child;
        }
        if (!heap_[child].before(moving)) {
            break;
        }
        put(place, heap_[child]);
        place = child;
    }
    put(place, moving);
}

void TimerQueue::remove(std::size_t place) {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) {
        return;
    }
    put(place, last);
    sift_up(place);
    sift_down(last.timer == nullptr ? place : last.timer->place_);
}

}  // namespace distkv::world
