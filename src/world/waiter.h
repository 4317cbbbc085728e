// A suspended coroutine, waiting to be resumed. A Waiter lives inside the frame that it will
// resume (as part of an awaiter), so destroying the frame unlinks it from whatever it waits in:
// that is the whole mechanism of cancellation, and why nothing is left behind.
#pragma once

#include <coroutine>
#include <cstdint>

namespace distkv::world {

class Root;
class Scheduler;

class Waiter {
public:
    Waiter() = default;
    ~Waiter() { unlink(); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Remembers whom to resume. Called from await_suspend.
    template <class Promise>
    void capture(std::coroutine_handle<Promise> waiting) {
        handle_ = waiting;
        root_ = waiting.promise().root;
    }

    void unlink() {
        if (next_ != nullptr) {
            next_->prev_ = prev_;
            prev_->next_ = next_;
            next_ = prev_ = nullptr;
        }
    }

    [[nodiscard]] bool linked() const { return next_ != nullptr; }

    // Woken, but not yet resumed.
    [[nodiscard]] bool ready() const { return ready_ && linked(); }

private:
    friend class WaitList;
    friend class Root;
    friend class Scheduler;

    std::coroutine_handle<> handle_;
    Root* root_ = nullptr;
    Waiter* next_ = nullptr;
    Waiter* prev_ = nullptr;
    bool ready_ = false;
};

// Waiters in order. Must outlive none of them: a list that dies unlinks those still in it, and they
// then wait for ever, or until their own scope ends.
class WaitList {
public:
    WaitList() { head_.next_ = head_.prev_ = &head_; }
    ~WaitList() {
        while (!empty()) {
            front().unlink();
        }
        head_.next_ = head_.prev_ = nullptr;  // The head is no member of another list.
    }
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;

    [[nodiscard]] bool empty() const { return head_.next_ == &head_; }
    [[nodiscard]] Waiter& front() { return *head_.next_; }
    void push_back(Waiter& waiter) { insert_before(head_, waiter); }
    void push_front(Waiter& waiter) { insert_before(*head_.next_, waiter); }

private:
    static void insert_before(Waiter& place, Waiter& waiter) {
        waiter.unlink();
        waiter.prev_ = place.prev_;
        waiter.next_ = &place;
        place.prev_->next_ = &waiter;
        place.prev_ = &waiter;
    }

    Waiter head_;
};

}  // namespace distkv::world
