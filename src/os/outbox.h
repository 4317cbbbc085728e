// Frames on their way to one peer, encoded, bounded by limits::kPeerOutboxBytesMax. Small frames
// share chunks, so that a pass of the reactor leaves in one system call; a large payload is a chunk
// of its own and is never copied.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "time/instant.h"

namespace distkv::os {

class Outbox {
public:
    // False when it is full: nothing was queued.
    [[nodiscard]] bool push(base::Bytes&& payload, time::MonoTime now);

    // What to write next; how many pieces that is.
    std::size_t gather(std::span<base::ByteView> pieces) const;
    void sent(std::size_t bytes);

    // The connection broke: a frame that was sent in part begins again, those before it are gone.
    void rewind();

    // Counts the frames dropped; a frame that was begun is not dropped.
    std::size_t drop_older_than(time::MonoTime oldest);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_ == 0; }
    [[nodiscard]] bool at_most_half_full() const;

private:
    struct Chunk {
        std::unique_ptr<char[]>
            memory;  // Whole frames, or the header of one whose payload is body.
        std::size_t used = 0;
        base::Bytes body;
        time::MonoTime queued;

        [[nodiscard]] base::ByteView head() const { return {memory.get(), used}; }
        [[nodiscard]] std::size_t size() const { return used + body.size(); }
        [[nodiscard]] std::size_t frames() const;
    };

    void open_chunk(time::MonoTime now);
    void pop_chunk();
    void push_large(base::Bytes payload, time::MonoTime now);

    std::deque<Chunk> chunks_;
    Chunk* open_ = nullptr;          // The last one, when it takes small frames.
    std::unique_ptr<char[]> spare_;  // The memory of a chunk that is done.
    std::size_t sent_ = 0;           // Of the first chunk.
    std::size_t bytes_ = 0;
};

}  // namespace distkv::os
