// The reactors of one node share nothing; they send each other work. A message is a function that
// runs on the other reactor, between two tasks, with that reactor's world as its argument. Messages
// from one reactor to another arrive in order and are lost only when the node dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "base/id.h"
#include "world/waiter.h"

namespace distkv::world {

class World;

class Reactors {
public:
    // Must not wait. It must hold values only, never references into the sender's reactor.
    using Work = std::move_only_function<void(World& there)>;

    Reactors() = default;
    virtual ~Reactors() = default;
    Reactors(const Reactors&) = delete;
    Reactors& operator=(const Reactors&) = delete;

    [[nodiscard]] virtual std::size_t count() const = 0;
    [[nodiscard]] virtual base::ReactorId self() const = 0;

    // False when the other's inbox is full (limits::kReactorInboxMax); the work is then dropped.
    [[nodiscard]] virtual bool post(base::ReactorId to, Work work) = 0;

    // The answer to work that `to` posted here. Always finds room: there are no more answers than
    // calls under way, and those are bounded where they are made.
    virtual void answer(base::ReactorId to, Work work) = 0;
};

// Calls that wait for an answer from another reactor, by number. A number, not a pointer, travels,
// so that a caller that was cancelled in between is simply not found.
class PendingCalls {
public:
    class Call {
    public:
        explicit Call(PendingCalls& calls) : calls_(calls), number_(calls.next_++) {
            calls_.waiting_[number_] = this;
        }
        virtual ~Call() { calls_.waiting_.erase(number_); }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

        [[nodiscard]] std::uint64_t number() const { return number_; }

    private:
        PendingCalls& calls_;
        std::uint64_t number_;
    };

    [[nodiscard]] Call* find(std::uint64_t number) {
        const auto found = waiting_.find(number);
        return found == waiting_.end() ? nullptr : found->second;
    }
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

private:
    std::map<std::uint64_t, Call*> waiting_;
    std::uint64_t next_ = 1;
};

}  // namespace distkv::world
