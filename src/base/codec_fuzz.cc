// Reads a stranger's bytes in an order that the bytes themselves choose. Nothing crashes, and
// whatever was read encodes to the very bytes it was read from: there is one encoding per value.
#include "base/codec.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace {

using distkv::base::ByteView;
using distkv::base::Decoder;
using distkv::base::Encoder;
using distkv::base::Result;

// One value of the kind that `kind` selects; false when the input does not hold one.
bool read_one(std::uint8_t kind, Decoder& in, Encoder& again) {
    switch (kind % 6) {
        case 0: {
            const Result<std::uint64_t> value = in.varint();
            if (value) {
                again.varint(*value);
            }
            return value.has_value();
        }
        case 1: {
            const Result<std::int64_t> value = in.signed_varint();
            if (value) {
                again.signed_varint(*value);
            }
            return value.has_value();
        }
        case 2: {
            const Result<ByteView> value = in.bytes(1024);
            if (value) {
                again.bytes(*value);
            }
            return value.has_value();
        }
        case 3: {
            const Result<std::uint32_t> value = in.fixed<std::uint32_t>();
            if (value) {
                again.fixed(*value);
            }
            return value.has_value();
        }
        case 4: {
            const Result<std::uint8_t> value = in.version(3);
            if (value) {
                again.fixed(*value);
            }
            return value.has_value();
        }
        default: {
            const Result<std::uint64_t> value = in.fixed<std::uint64_t>();
            if (value) {
                again.fixed(*value);
            }
            return value.has_value();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Decoder in(ByteView(reinterpret_cast<const char*>(data), size));
    for (;;) {
        const Result<std::uint8_t> kind = in.fixed<std::uint8_t>();
        if (!kind) {
            CHECK(in.finish().has_value());
            return 0;
        }
        const ByteView before = in.rest();
        Encoder again;
        if (!read_one(*kind, in, again)) {
            return 0;
        }
        CHECK(before.substr(0, before.size() - in.rest().size()) == again.view());
    }
}
