// One thread that runs what it is given, in order: for calls that would block a reactor.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace distkv::os {

class Worker {
public:
    using Work = std::move_only_function<void()>;

    Worker() : thread_([this] { run(); }) {}

    // Runs what is left, then ends the thread.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Any thread. The queue is bounded by the tasks that wait for answers.
    void push(Work work);

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> queue_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace distkv::os
