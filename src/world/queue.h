// A bounded queue between tasks of one reactor. Full means wait: memory is not a queue.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "base/check.h"
#include "world/signal.h"
#include "world/task.h"

namespace distkv::world {

template <class T>
class Queue {
public:
    Queue(Scheduler& scheduler, std::size_t items_max)
        : items_max_(items_max), filled_(scheduler), drained_(scheduler) {
        CHECK(items_max > 0);
    }

    [[nodiscard]] bool try_push(T item) {
        if (items_.size() >= items_max_) {
            return false;
        }
        items_.push_back(std::move(item));
        filled_.wake_one();
        return true;
    }

    Task<void> push(T item) {
        while (items_.size() >= items_max_) {
            co_await drained_.wait();
        }
        CHECK(try_push(std::move(item)));
    }

    Task<T> pop() {
        while (items_.empty()) {
            co_await filled_.wait();
        }
        T item = std::move(items_.front());
        items_.pop_front();
        drained_.wake_one();
        co_return item;
    }

    [[nodiscard]] std::size_t size() const { return items_.size(); }

private:
    std::size_t items_max_;
    std::deque<T> items_;
    Signal filled_;
    Signal drained_;
};

}  // namespace distkv::world
