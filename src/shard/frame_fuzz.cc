// Whatever another host sends: decoded or refused, never a crash; what is decoded encodes to
// itself.
#include "shard/frame.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    const auto items = shard::decode_frame(bytes);
    if (!items) {
        return 0;
    }
    base::Encoder out;
    out.fixed(shard::kFrameVersion);
    for (const shard::Item& item : *items) {
        shard::encode(item, out);
    }
    CHECK(out.view() == bytes);
    CHECK(shard::decode_frame(out.view()).value() == *items);
    return 0;
}
