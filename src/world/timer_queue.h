// Timers in order of their due time, those due together in the order they were set. A binary heap
// in which every timer knows its place, so that cancelling one is O(log n) and leaves nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "time/instant.h"
#include "world/waiter.h"

namespace distkv::world {

class TimerQueue;

// A Waiter with a due time. Disarms itself when it is destroyed.
class Timer : public Waiter {
public:
    Timer() = default;
    ~Timer() { disarm(); }

    void disarm();
    [[nodiscard]] bool armed() const { return queue_ != nullptr; }

private:
    friend class TimerQueue;

    TimerQueue* queue_ = nullptr;
    std::size_t place_ = 0;
};

class TimerQueue {
public:
    TimerQueue() = default;
    ~TimerQueue();
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    void arm(Timer& timer, time::MonoTime due);
    void disarm(Timer& timer);

    [[nodiscard]] std::optional<time::MonoTime> next_due() const;
    [[nodiscard]] std::size_t size() const { return heap_.size(); }

    // Takes the first timer that is due at `now`; none when there is none.
    Timer* take_due(time::MonoTime now);

private:
    struct Entry {
        time::MonoTime due;
        std::uint64_t sequence;
        Timer* timer;

        [[nodiscard]] bool before(const Entry& other) const {
            return due != other.due ? due < other.due : sequence < other.sequence;
        }
    };

    void put(std::size_t place, Entry entry);
    void sift_up(std::size_t place);
    void sift_down(std::size_t place);
    void remove(std::size_t place);

    std::vector<Entry> heap_;
    std::uint64_t sequence_ = 0;
};

}  // namespace distkv::world
