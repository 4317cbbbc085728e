// Frames between reactors of different nodes.
//
// Delivery is best effort, and protocols above must be correct without more: a frame may be lost,
// arrive twice, or arrive after a later one; it never arrives damaged (both worlds check a sum) and
// never in part. Nothing here says whether the peer is up: only an answer does.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/result.h"
#include "world/scheduler.h"
#include "world/task.h"

namespace distkv::world {

struct Address {
    base::NodeId node;
    base::ReactorId reactor;

    auto operator<=>(const Address&) const = default;
};

std::string to_string(const Address& address);  // "7.0"

struct Frame {
    Address from;
    base::Bytes payload;
};

// Frames in order, in a ring that only grows: a deque allocates a block for every ten frames.
class FrameQueue {
public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    // The slot of the new last frame, to be filled.
    Frame& push() {
        if (size_ == slots_.size()) {
            grow();
        }
        return slots_[(first_ + size_++) & (slots_.size() - 1)];
    }
    Frame pop() {
        Frame frame = std::move(slots_[first_]);
        first_ = (first_ + 1) & (slots_.size() - 1);
        --size_;
        return frame;
    }

private:
    void grow();

    std::vector<Frame> slots_;  // Its size is a power of two, or nothing.
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

// What has arrived and not yet been taken, bounded by limits::kInbox...; one task receives.
class Inbox {
public:
    explicit Inbox(Scheduler& scheduler) : scheduler_(scheduler) {}

    [[nodiscard]] bool has_room() const {
        return frames_.size() < base::limits::kInboxFramesMax &&
               bytes_ < base::limits::kInboxBytesMax;
    }
    void push(Frame frame) {
        bytes_ += frame.payload.size();
        frames_.push() = std::move(frame);
        wake_receiver();
    }
    void push(const Address& from, base::ByteView payload) {
        bytes_ += payload.size();
        Frame& slot = frames_.push();
        slot.from = from;
        slot.payload = base::Bytes(payload);
        wake_receiver();
    }

    // Called when the last frame has been taken. The real network then hands over more of what it
    // holds, a few frames at a time: their memory is still in the cache when they are taken.
    void on_empty(std::function<void()> refill) { on_empty_ = std::move(refill); }

    struct Receive {
        Inbox& inbox;
        Waiter waiter;

        [[nodiscard]] bool await_ready() const { return !inbox.frames_.empty(); }
        template <class P>
        void await_suspend(std::coroutine_handle<P> waiting) {
            inbox.expect_no_other_receiver();
            waiter.capture(waiting);
            inbox.receiver_.push_back(waiter);
        }
        Frame await_resume() { return inbox.pop(); }
    };

    [[nodiscard]] std::size_t size() const { return frames_.size(); }

private:
    void wake_receiver() {
        if (!receiver_.empty()) {
            scheduler_.wake(receiver_.front());
        }
    }
    void expect_no_other_receiver() const;
    Frame pop() {
        CHECK(!frames_.empty());
        Frame frame = frames_.pop();
        bytes_ -= frame.payload.size();
        if (frames_.empty() && on_empty_) {
            on_empty_();
        }
        return frame;
    }

    Scheduler& scheduler_;
    FrameQueue frames_;
    std::size_t bytes_ = 0;
    WaitList receiver_;
    std::function<void()> on_empty_;
};

class Network {
public:
    explicit Network(Scheduler& scheduler) : inbox_(scheduler) {}
    virtual ~Network() = default;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    // Queues a frame and returns at once. Errors: kRetry when the outbox towards that peer is full
    // (nothing was queued; room() tells when to try again), kInvalid when the frame is too large or
    // the peer is not known.
    virtual base::Result<void> send(Address to, base::Bytes payload) = 0;

    // Waits until the outbox towards a peer is at most half full.
    virtual Task<void> room(Address to) = 0;

    // The next frame; waits for one. One task of a reactor receives.
    Inbox::Receive receive() { return {inbox_, {}}; }

protected:
    Inbox& inbox() { return inbox_; }

private:
    Inbox inbox_;
};

}  // namespace distkv::world
