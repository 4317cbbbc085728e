#include "world/scheduler.h"

#include "base/check.h"
#include "world/scope.h"

namespace distkv::world {

void root_finished(Root& root) {
    root.scope_.scheduler_.finish(root);
}

void Scheduler::finish(Root& root) {
    CHECK(finished_ == nullptr && running_ == &root);
    finished_ = &root;  // Its frame is still on the stack; run_one() frees it.
}

Scheduler::~Scheduler() {
    CHECK(tasks_ == 0, "a task outlived its scheduler");
}

void Scheduler::wake(Waiter& waiter) {
    waiter.ready_ = true;
    if (disorder_ != nullptr && (disorder_->next() & 1U) != 0) {
        ready_.push_front(waiter);
    } else {
        ready_.push_back(waiter);
    }
}

void Scheduler::fire_timers(time::MonoTime now) {
    while (Timer* timer = timers_.take_due(now)) {
        wake(*timer);
    }
}

bool Scheduler::has_ready() const {
    return doomed_ != nullptr || !ready_.empty();
}

bool Scheduler::run_one() {
    CHECK(running_ == nullptr, "a task must not run the scheduler");
    end_doomed_scopes();
    if (ready_.empty()) {
        return false;
    }
    Waiter& next = ready_.front();
    next.unlink();
    next.ready_ = false;
    running_ = next.root_;
    next.handle_.resume();
    running_ = nullptr;
    if (finished_ != nullptr) {
        Root& root = *finished_;
        finished_ = nullptr;
        root.scope_.destroy(root);
    }
    end_doomed_scopes();
    return true;
}

void Scheduler::end_doomed_scopes() {
    while (doomed_ != nullptr) {
        Scope& scope = *doomed_;
        doomed_ = scope.next_doomed_;
        scope.doomed_ = false;
        scope.destroy_all();
    }
}

std::string_view Scheduler::running() const {
    return running_ == nullptr ? std::string_view() : running_->name_;
}

}  // namespace distkv::world
