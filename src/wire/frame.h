// Bytes between peers, cut into frames. Pure: whoever owns a socket feeds what it reads and sends
// what this returns.
//
//     0        4        8
//     +--------+--------+-------- ... ----+
//     | length | crc32c | payload         |     integers little-endian
//     +--------+--------+-------- ... ----+
//     length   bytes of the payload
//     crc32c   over the four bytes of the length, then the payload
//
// The sum covers the length, so that a damaged one is not believed just because the bytes that
// follow happen to fit. There is no way to find the next frame behind a damaged one: after an error
// the connection is of no more use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace distkv::wire {

inline constexpr std::size_t kFrameHeaderBytes = 8;

// What stands before a payload.
std::array<char, kFrameHeaderBytes> frame_header(base::ByteView payload);

// Writes header and payload to a place with room for both.
void write_frame(char* to, base::ByteView payload);

void append_frame(base::Bytes& out, base::ByteView payload);

// The length of the frame whose header these bytes begin with, header included. For bytes that we
// encoded ourselves.
std::size_t frame_size_at(base::ByteView encoded);

// Finds the frames in a stream that arrives in pieces of any size. Bytes are moved at most a
// constant number of times however they are split: the buffer doubles, and what is left of it moves
// to the front only when space runs out behind.
class FrameDecoder {
public:
    explicit FrameDecoder(std::size_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

    // Frames that begin later may carry this much. A connection starts with a small limit, so that
    // a stranger cannot make us hold much before we know who it is.
    void set_payload_bytes_max(std::size_t bytes) { payload_bytes_max_ = bytes; }

    // Room for the next read, at least `bytes_min`; filled() says how much of it was used.
    std::span<char> space(std::size_t bytes_min);
    void filled(std::size_t bytes);

    void feed(base::ByteView bytes);

    // The next whole frame's payload, valid until the next call of any other member; none when more
    // bytes are needed; kCorrupt when the stream is damaged, now and for ever.
    base::Result<std::optional<base::ByteView>> next();

    // The same for a hot loop, which makes no Result for every frame; damage() says what is wrong.
    enum class Found : std::uint8_t { kFrame, kNothingYet, kDamage };
    Found find(base::ByteView& payload) {
        const std::size_t held = end_ - begin_;
        if (held < kFrameHeaderBytes) {
            // A length alone is judged at once: what is too long is not waited for.
            return held >= sizeof(std::uint32_t) && word_at(begin_) > payload_bytes_max_
                       ? Found::kDamage
                       : Found::kNothingYet;
        }
        const std::size_t length = word_at(begin_);
        if (length > held - kFrameHeaderBytes || length > payload_bytes_max_) {
            return length > payload_bytes_max_ ? Found::kDamage : Found::kNothingYet;
        }
        payload = {buffer_.get() + begin_ + kFrameHeaderBytes, length};
        if (sum_at(begin_) != word_at(begin_ + sizeof(std::uint32_t))) {
            return Found::kDamage;
        }
        begin_ += kFrameHeaderBytes + length;
        return Found::kFrame;
    }
    [[nodiscard]] base::Error damage() const;

    // Bytes held that belong to no frame handed out yet.
    [[nodiscard]] std::size_t pending() const { return end_ - begin_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

private:
    [[nodiscard]] std::uint32_t word_at(std::size_t place) const {
        std::uint32_t word = 0;
        std::memcpy(&word, buffer_.get() + place, sizeof word);
        return word;
    }
    [[nodiscard]] std::uint32_t sum_at(std::size_t place) const;
    void make_room(std::size_t bytes_min);

    std::size_t payload_bytes_max_;
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace distkv::wire
