// Frames: those that come go to their groups, those that go are filled by a whole pass.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "shard/host.h"

namespace distkv::shard {

using base::Result;
using world::Address;
using world::Task;

namespace {

// Then the pass has a turn, whatever else has come.
constexpr int kFramesAtOnce = 64;

// A frame goes when it has so much; one message may be more.
constexpr std::size_t kFrameBytes = std::size_t{1} << 20;
static_assert(kFrameBytes <= base::limits::kFrameBytesMax - base::limits::kValueBytesMax,
              "beside the largest entry there is room for a frame that is not full yet");

// Of a message without entries; what stands around an item.
constexpr std::size_t kEnvelopeBytes = 256;

}  // namespace

Task<void> Host::receive_loop() {
    for (int n = 1;; ++n) {
        const world::Frame frame = co_await world_.network().receive();
        take_frame(frame);
        if (n % kFramesAtOnce == 0) {
            co_await world_.yield();
        }
    }
}

void Host::take_frame(const world::Frame& frame) {
    Result<std::vector<Item>> items = decode_frame(frame.payload);
    if (!items) {
        ++counts_.frames_refused;
        world_.mark(world::Mark::kFrameMalformed);
        return;
    }
    for (Item& item : *items) {
        std::visit([&](auto& what) { take(frame.from, what); }, item);
    }
}

void Host::take(Address, GroupMessage& item) {
    if (Group* group = at(item.group)) {
        step(*group, std::move(item.message));
    }
}

void Host::send(Group& group, const raft::Message& message) {
    const auto to = services_.address_of(group.id, message.to);
    if (services_.sent) {
        services_.sent(group.id, message);
    }
    if (!to) {
        return;
    }
    ++counts_.messages_sent;
    encode(group.id, message, outbox(*to, raft::cost_of(message)));
}

void Host::send(Address to, const Item& item) {
    const auto* chunk = std::get_if<SnapshotChunk>(&item);
    encode(item, outbox(to, chunk == nullptr ? kEnvelopeBytes : chunk->bytes.size()));
}

// The frame that the next item of about so many bytes goes into.
base::Encoder& Host::outbox(Address to, std::size_t bytes) {
    base::Encoder& frame = outboxes_[to];
    if (!frame.view().empty() && frame.view().size() + bytes > kFrameBytes) {
        flush(to, frame);
    }
    if (frame.view().empty()) {
        frame.fixed(kFrameVersion);
    }
    return frame;
}

// When there is no room the frame is dropped, as the network might drop it: whoever needs what is
// in it will ask.
void Host::flush(Address to, base::Encoder& frame) {
    ++counts_.frames_sent;
    const Result<void> sent = world_.network().send(to, std::move(frame).take());
    frame = {};
    if (!sent) {
        ++counts_.frames_dropped;
        world_.mark(world::Mark::kOutboxFull);
    }
}

void Host::flush_outboxes() {
    for (auto& [to, frame] : outboxes_) {
        if (!frame.view().empty()) {
            flush(to, frame);
        }
    }
}

}  // namespace distkv::shard
