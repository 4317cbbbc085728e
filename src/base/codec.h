// The binary encoding of everything on disk and between peers. Integers are little-endian and of
// fixed width, or varints (7 bits a byte, low bits first, shortest form only, so that equal values
// have equal bytes); byte strings carry a varint length. Every encoded struct starts with a version
// byte and has a golden-bytes test: what was once written must stay readable.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/result.h"

namespace distkv::base {

static_assert(std::endian::native == std::endian::little, "the codec copies little-endian words");

class Encoder {
public:
    template <std::unsigned_integral T>
    void fixed(T value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void varint(std::uint64_t value);
    void signed_varint(std::int64_t value);  // zigzag: small magnitudes are short.
    void bytes(ByteView value);
    void raw(ByteView value) { out_.append(value); }

    [[nodiscard]] const Bytes& view() const { return out_; }
    [[nodiscard]] Bytes take() && { return std::move(out_); }

private:
    Bytes out_;
};

// Reads what Encoder wrote. Input is a stranger's: every read checks the bounds and answers with
// kCorrupt, naming what was expected.
class Decoder {
public:
    explicit Decoder(ByteView input) : left_(input) {}

    template <std::unsigned_integral T>
    Result<T> fixed() {
        if (left_.size() < sizeof(T)) {
            return truncated(sizeof(T));
        }
        T value;
        std::memcpy(&value, left_.data(), sizeof value);
        left_.remove_prefix(sizeof value);
        return value;
    }
    Result<std::uint64_t> varint();
    Result<std::int64_t> signed_varint();
    Result<ByteView> bytes(std::size_t bytes_max);  // A view into the input.

    // The version byte that opens every struct; one that we do not know is kCorrupt.
    Result<std::uint8_t> version(std::uint8_t known_max);

    // Trailing bytes are an error: they would be lost silently on the next write.
    Result<void> finish() const;

    [[nodiscard]] ByteView rest() const { return left_; }

private:
    [[nodiscard]] std::unexpected<Error> truncated(std::size_t wanted) const;

    ByteView left_;
};

}  // namespace distkv::base
