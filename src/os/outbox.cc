#include "os/outbox.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "wire/frame.h"

namespace distkv::os {
namespace {

using namespace std::chrono_literals;

// Chunks of this size saturate loopback; larger ones leave the cache before they are sent.
constexpr std::size_t kChunkBytesMax = std::size_t{64} << 10;

// From here on, copying a payload costs more than a piece of its own.
constexpr std::size_t kOwnChunkBytesMin = std::size_t{16} << 10;

// Frames of one chunk grow old together, so a chunk is closed when its first is this old.
constexpr time::Duration kChunkSpanMax = 100ms;

}  // namespace

std::size_t Outbox::Chunk::frames() const {
    if (!body.empty()) {
        return 1;
    }
    std::size_t count = 0;
    for (std::size_t at = 0; at < used; ++count) {
        at += wire::frame_size_at(head().substr(at));
    }
    return count;
}

bool Outbox::push(base::Bytes&& payload, time::MonoTime now) {
    const std::size_t size = wire::kFrameHeaderBytes + payload.size();
    if (bytes_ + size > base::limits::kPeerOutboxBytesMax) {
        return false;
    }
    bytes_ += size;
    if (payload.size() >= kOwnChunkBytesMin) {
        push_large(std::move(payload), now);
        return true;
    }
    if (open_ == nullptr || open_->used + size > kChunkBytesMax ||
        now - open_->queued >= kChunkSpanMax) {
        open_chunk(now);
    }
    wire::write_frame(open_->memory.get() + open_->used, payload);
    open_->used += size;
    return true;
}

void Outbox::push_large(base::Bytes payload, time::MonoTime now) {
    auto header = std::make_unique<char[]>(wire::kFrameHeaderBytes);
    std::ranges::copy(wire::frame_header(payload), header.get());
    chunks_.push_back({.memory = std::move(header),
                       .used = wire::kFrameHeaderBytes,
                       .body = std::move(payload),
                       .queued = now});
    open_ = nullptr;
}

void Outbox::open_chunk(time::MonoTime now) {
    auto memory =
        spare_ ? std::move(spare_) : std::make_unique_for_overwrite<char[]>(kChunkBytesMax);
    chunks_.push_back({.memory = std::move(memory), .used = 0, .body = {}, .queued = now});
    open_ = &chunks_.back();
}

std::size_t Outbox::gather(std::span<base::ByteView> pieces) const {
    std::size_t count = 0;
    std::size_t skip = sent_;
    for (const Chunk& chunk : chunks_) {
        for (const base::ByteView part : {chunk.head(), base::ByteView(chunk.body)}) {
            if (skip >= part.size()) {
                skip -= part.size();
                continue;
            }
            if (count == pieces.size()) {
                return count;
            }
            pieces[count++] = part.substr(std::exchange(skip, 0));
        }
    }
    return count;
}

void Outbox::sent(std::size_t bytes) {
    CHECK(bytes <= bytes_);
    bytes_ -= bytes;
    sent_ += bytes;
    while (!chunks_.empty() && sent_ >= chunks_.front().size()) {
        sent_ -= chunks_.front().size();
        if (chunks_.front().body.empty()) {
            spare_ = std::move(chunks_.front().memory);
        }
        pop_chunk();
    }
    CHECK(bytes_ > 0 || (chunks_.empty() && sent_ == 0));
}

void Outbox::rewind() {
    if (sent_ == 0) {
        return;
    }
    Chunk& first = chunks_.front();
    if (!first.body.empty()) {
        bytes_ += std::exchange(sent_, 0);
        return;
    }
    std::size_t whole = 0;
    for (std::size_t next = 0; next <= sent_;
         next += wire::frame_size_at(first.head().substr(next))) {
        whole = next;
    }
    bytes_ += std::exchange(sent_, 0) - whole;
    first.used -= whole;
    std::memmove(first.memory.get(), first.memory.get() + whole, first.used);
}

void Outbox::pop_chunk() {
    if (&chunks_.front() == open_) {
        open_ = nullptr;
    }
    chunks_.pop_front();
}

std::size_t Outbox::drop_older_than(time::MonoTime oldest) {
    std::size_t frames = 0;
    while (!chunks_.empty() && sent_ == 0 && chunks_.front().queued < oldest) {
        frames += chunks_.front().frames();
        bytes_ -= chunks_.front().size();
        pop_chunk();
    }
    return frames;
}

bool Outbox::at_most_half_full() const {
    return bytes_ <= base::limits::kPeerOutboxBytesMax / 2;
}

}  // namespace distkv::os
