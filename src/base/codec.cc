#include "base/codec.h"

namespace distkv::base {
namespace {

constexpr std::uint64_t kMore = 0x80;
constexpr unsigned kVarintBits = 7;

}  // namespace

void Encoder::varint(std::uint64_t value) {
    while (value >= kMore) {
        out_.push_back(static_cast<char>(value | kMore));
        value >>= kVarintBits;
    }
    out_.push_back(static_cast<char>(value));
}

void Encoder::signed_varint(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    varint((bits << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void Encoder::bytes(ByteView value) {
    varint(value.size());
    raw(value);
}

Result<std::uint64_t> Decoder::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += kVarintBits) {
        const auto byte = static_cast<std::uint64_t>(TRY(fixed<std::uint8_t>()));
        const std::uint64_t bits = byte & ~kMore;
        if (shift == 63 && bits > 1) {
            return fail(Errc::kCorrupt, "a varint above 64 bits");
        }
        value |= bits << shift;
        if ((byte & kMore) == 0) {
            if (byte == 0 && shift > 0) {
                return fail(Errc::kCorrupt, "a varint that is not in its shortest form");
            }
            return value;
        }
    }
    return fail(Errc::kCorrupt, "a varint above 10 bytes");
}

Result<std::int64_t> Decoder::signed_varint() {
    const std::uint64_t zigzag = TRY(varint());
    return static_cast<std::int64_t>((zigzag >> 1U) ^ (0 - (zigzag & 1U)));
}

Result<ByteView> Decoder::bytes(std::size_t bytes_max) {
    const std::uint64_t size = TRY(varint());
    if (size > bytes_max) {
        return fail(Errc::kCorrupt, "a byte string of " + std::to_string(size) +
                                        " bytes; at most " + std::to_string(bytes_max) +
                                        " are allowed here");
    }
    if (left_.size() < size) {
        return truncated(size);
    }
    const ByteView value = left_.substr(0, size);
    left_.remove_prefix(size);
    return value;
}

Result<std::uint8_t> Decoder::version(std::uint8_t known_max) {
    const std::uint8_t found = TRY(fixed<std::uint8_t>());
    if (found == 0 || found > known_max) {
        return fail(Errc::kCorrupt, "version " + std::to_string(found) +
                                        " of an encoding; this program knows 1 to " +
                                        std::to_string(known_max));
    }
    return found;
}

Result<void> Decoder::finish() const {
    if (!left_.empty()) {
        return fail(Errc::kCorrupt,
                    std::to_string(left_.size()) + " bytes after the end of an encoding");
    }
    return {};
}

std::unexpected<Error> Decoder::truncated(std::size_t wanted) const {
    return fail(Errc::kCorrupt, "the input ends early: " + std::to_string(wanted) +
                                    " bytes were expected, " + std::to_string(left_.size()) +
                                    " are left");
}

}  // namespace distkv::base
