#include "world/scope.h"

#include <utility>

namespace distkv::world {

Root::Root(Scope& scope, std::string_view name, Task<void> task)
    : scope_(scope), name_(name), task_(std::move(task)) {
    CHECK(task_.handle() && !task_.handle().promise().root);
    task_.handle().promise().root = this;
    start_.capture(task_.handle());
}

Root::~Root() {
    CHECK(scope_.scheduler_.running_ != this, "a task destroyed itself");
    if (scope_.scheduler_.finished_ == this) {
        scope_.scheduler_.finished_ = nullptr;
    }
}

void Scope::spawn(std::string_view name, Task<void> task) {
    auto* root = new Root(*this, name, std::move(task));
    root->older_ = newest_;
    if (newest_ != nullptr) {
        newest_->newer_ = root;
    }
    newest_ = root;
    ++size_;
    ++scheduler_.tasks_;
    scheduler_.wake(root->start_);
}

Scope::~Scope() {
    destroy_all();
    if (doomed_) {
        Scope** link = &scheduler_.doomed_;
        while (*link != this) {
            link = &(*link)->next_doomed_;
        }
        *link = next_doomed_;
    }
}

void Scope::cancel() {
    if (!doomed_) {
        doomed_ = true;
        next_doomed_ = scheduler_.doomed_;
        scheduler_.doomed_ = this;
    }
}

void Scope::destroy_all() {
    while (newest_ != nullptr) {
        destroy(*newest_);
    }
}

void Scope::destroy(Root& root) {
    if (root.newer_ != nullptr) {
        root.newer_->older_ = root.older_;
    } else {
        newest_ = root.older_;
    }
    if (root.older_ != nullptr) {
        root.older_->newer_ = root.newer_;
    }
    delete &root;
    --size_;
    --scheduler_.tasks_;
    while (size_ == 0 && !joiners_.empty()) {
        scheduler_.wake(joiners_.front());
    }
}

}  // namespace distkv::world
