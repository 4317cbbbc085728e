// The first byte says how the rest is split; whatever the split, the decoder must find the same
// frames, and what it finds must encode to the bytes it came from.
#include "wire/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/hello.h"

namespace {

using distkv::base::Bytes;
using distkv::base::ByteView;

constexpr std::size_t kPayloadBytesMax = 4096;

struct Found {
    Bytes frames;  // Encoded again.
    bool damaged = false;

    bool operator==(const Found&) const = default;
};

Found frames_in(ByteView stream, std::size_t piece) {
    distkv::wire::FrameDecoder decoder(kPayloadBytesMax);
    Found found;
    while (!stream.empty()) {
        decoder.feed(stream.substr(0, piece));
        stream.remove_prefix(std::min(piece, stream.size()));
        for (;;) {
            const auto next = decoder.next();
            if (!next) {
                found.damaged = true;
                return found;
            }
            if (!*next) {
                break;
            }
            distkv::wire::append_frame(found.frames, **next);
            if (const auto hello = distkv::wire::decode_hello(**next)) {
                CHECK(distkv::wire::encode_hello(*hello) == **next);
            }
        }
    }
    return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const ByteView stream(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Found whole = frames_in(stream, stream.size() + 1);
    CHECK(frames_in(stream, std::size_t{data[0]} + 1) == whole);
    CHECK(stream.starts_with(whole.frames));
    return 0;
}
