#include "wire/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"

namespace distkv::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "headers are copied as words");

constexpr std::size_t kLengthBytes = 4;
static_assert(base::limits::kFrameBytesMax <= UINT32_MAX);

// A buffer that a large frame has blown up is given back once it is empty.
constexpr std::size_t kKeptBytesMax = std::size_t{256} << 10;

std::uint32_t first_word(const char* bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

std::uint32_t sum_of(const char* length, base::ByteView payload) {
    return base::crc32c(payload, base::crc32c({length, kLengthBytes}));
}

}  // namespace

std::array<char, kFrameHeaderBytes> frame_header(base::ByteView payload) {
    CHECK(payload.size() <= base::limits::kFrameBytesMax);
    std::array<char, kFrameHeaderBytes> header;
    const auto length = static_cast<std::uint32_t>(payload.size());
    std::memcpy(header.data(), &length, sizeof length);
    const std::uint32_t sum = sum_of(header.data(), payload);
    std::memcpy(header.data() + kLengthBytes, &sum, sizeof sum);
    return header;
}

void write_frame(char* to, base::ByteView payload) {
    CHECK(payload.size() <= base::limits::kFrameBytesMax);
    const auto length = static_cast<std::uint32_t>(payload.size());
    std::memcpy(to, &length, sizeof length);
    std::memcpy(to + kFrameHeaderBytes, payload.data(), payload.size());
    const std::uint32_t sum = sum_of(to, payload);
    std::memcpy(to + kLengthBytes, &sum, sizeof sum);
}

void append_frame(base::Bytes& out, base::ByteView payload) {
    const std::size_t at = out.size();
    out.resize(at + kFrameHeaderBytes + payload.size());
    write_frame(out.data() + at, payload);
}

std::size_t frame_size_at(base::ByteView encoded) {
    CHECK(encoded.size() >= kFrameHeaderBytes);
    return kFrameHeaderBytes + first_word(encoded.data());
}

std::span<char> FrameDecoder::space(std::size_t bytes_min) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ > std::max(kKeptBytesMax, bytes_min)) {
            buffer_.reset();
            capacity_ = 0;
        }
    }
    if (capacity_ - end_ < bytes_min) {
        make_room(bytes_min);
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

void FrameDecoder::make_room(std::size_t bytes_min) {
    const std::size_t held = pending();
    if (capacity_ < held + bytes_min || held > capacity_ / 2) {
        const std::size_t grown = std::max(held + bytes_min, 2 * held);
        auto larger = std::make_unique_for_overwrite<char[]>(grown);
        if (held > 0) {
            std::memcpy(larger.get(), buffer_.get() + begin_, held);
        }
        buffer_ = std::move(larger);
        capacity_ = grown;
    } else {
        std::memmove(buffer_.get(), buffer_.get() + begin_, held);
    }
    begin_ = 0;
    end_ = held;
}

void FrameDecoder::filled(std::size_t bytes) {
    CHECK(bytes <= capacity_ - end_);
    end_ += bytes;
}

void FrameDecoder::feed(base::ByteView bytes) {
    if (!bytes.empty()) {
        std::memcpy(space(bytes.size()).data(), bytes.data(), bytes.size());
        filled(bytes.size());
    }
}

std::uint32_t FrameDecoder::sum_at(std::size_t place) const {
    const char* start = buffer_.get() + place;
    return sum_of(start, {start + kFrameHeaderBytes, word_at(place)});
}

base::Error FrameDecoder::damage() const {
    const std::size_t length = word_at(begin_);
    const std::string what = "a frame of " + std::to_string(length) + " bytes";
    if (length > payload_bytes_max_) {
        return {base::Errc::kCorrupt,
                what + "; at most " + std::to_string(payload_bytes_max_) + " are allowed"};
    }
    return {base::Errc::kCorrupt, what + " has the sum " + std::to_string(sum_at(begin_)) +
                                      ", its header says " +
                                      std::to_string(word_at(begin_ + kLengthBytes))};
}

base::Result<std::optional<base::ByteView>> FrameDecoder::next() {
    base::ByteView payload;
    switch (find(payload)) {
        case Found::kFrame:
            return std::optional(payload);
        case Found::kNothingYet:
            return std::optional<base::ByteView>();
        case Found::kDamage:
            break;
    }
    return std::unexpected(damage());
}

}  // namespace distkv::wire
