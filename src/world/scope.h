// The lifetime of a group of tasks: when the scope ends, none of them is left.
#pragma once

#include <cstddef>
#include <string_view>

#include "world/scheduler.h"
#include "world/task.h"
#include "world/waiter.h"

namespace distkv::world {

// A spawned task: the outermost frame of a chain of awaits.
class Root {
public:
    Root(Scope& scope, std::string_view name, Task<void> task);
    ~Root();
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;

private:
    friend class Scheduler;
    friend class Scope;
    friend void root_finished(Root& root);

    Scope& scope_;
    std::string_view name_;
    Task<void> task_;
    Waiter start_;
    Root* older_ = nullptr;
    Root* newer_ = nullptr;
};

class Scope {
public:
    explicit Scope(Scheduler& scheduler) : scheduler_(scheduler) {}

    // Destroys the tasks that are still alive, newest first. Must not be called by one of them.
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    // `name` must be a literal: it appears in log lines and reports.
    void spawn(std::string_view name, Task<void> task);

    // Ends all tasks of the scope before any other task runs; may be called by one of them, which
    // then runs on until it next waits.
    void cancel();

    struct Join {
        Scope& scope;
        Waiter waiter;

        [[nodiscard]] bool await_ready() const { return scope.size_ == 0; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> waiting) {
            waiter.capture(waiting);
            scope.joiners_.push_back(waiter);
        }
        static void await_resume() {}
    };

    // Waits until the scope has been empty, or has ended.
    Join join() { return {*this, {}}; }

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    friend class Root;
    friend class Scheduler;
    friend void root_finished(Root& root);

    void destroy_all();
    void destroy(Root& root);

    Scheduler& scheduler_;
    Root* newest_ = nullptr;
    std::size_t size_ = 0;
    WaitList joiners_;
    bool doomed_ = false;
    Scope* next_doomed_ = nullptr;
};

}  // namespace distkv::world
