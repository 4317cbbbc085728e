// Task<T>: a conversation with the world that reads from top to bottom.
//
//     Task<Result<Bytes>> fetch(World& world, ...) {
//         CO_TRY(co_await file.sync());
//         co_await world.sleep_for(5ms);
//         co_return answer;
//     }
//
// A task is lazy: it starts when it is awaited (by exactly one task, on the same reactor) or
// spawned into a Scope. Dropping a task cancels it: its frame and everything in it is destroyed at
// the point where it waits, innermost first, and no code of it runs again. So every resource must
// be held by an object with a destructor, and state shared with others must be sound at every
// co_await.
//
// Parameters: a coroutine copies or moves its by-value parameters into its frame; a reference must
// outlive the task.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/check.h"

namespace distkv::world {

class Root;
void root_finished(Root& root);  // scheduler.cc

struct PromiseBase {
    std::coroutine_handle<> continuation;  // Who awaits us; none for the outermost frame.
    Root* root = nullptr;                  // The spawned task that we are part of.

    struct Final {
        static bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
            PromiseBase& promise = done.promise();
            if (promise.continuation) {
                return promise.continuation;
            }
            root_finished(*promise.root);
            return std::noop_coroutine();
        }
        static void await_resume() noexcept {}
    };

    static std::suspend_always initial_suspend() noexcept { return {}; }
    static Final final_suspend() noexcept { return {}; }
    [[noreturn]] static void unhandled_exception() {
        base::check_failed("no exception leaves a task", "our code never throws", __FILE__,
                           __LINE__);
    }
};

template <class T>
struct Promise;

template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = Promise<T>;
    using Handle = std::coroutine_handle<Promise<T>>;

    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            drop();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~Task() { drop(); }

    struct Awaiter {
        Handle handle;

        static bool await_ready() noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
            return start(handle, parent);
        }
        T await_resume() { return handle.promise().take(); }
    };

    // `co_await std::move(task)` or `co_await make_task()`: a task is awaited once.
    Awaiter operator co_await() && {
        CHECK(handle_ && !handle_.promise().root);
        return Awaiter{handle_};
    }

    // For awaiters that race a task against something else.
    template <class P>
    static std::coroutine_handle<> start(Handle child, std::coroutine_handle<P> parent) noexcept {
        child.promise().continuation = parent;
        child.promise().root = parent.promise().root;
        return child;
    }
    [[nodiscard]] Handle handle() const { return handle_; }

    // Destroys the frame where it waits. It must not be the one that is running.
    void drop() {
        if (handle_) {
            std::exchange(handle_, {}).destroy();
        }
    }

private:
    Handle handle_;
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;

    Task<T> get_return_object() { return Task<T>(Task<T>::Handle::from_promise(*this)); }
    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
    T take() {
        CHECK(value.has_value());
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object() { return Task<void>(Task<void>::Handle::from_promise(*this)); }
    static void return_void() {}
    static void take() {}
};

}  // namespace distkv::world
