// Whatever the disk returns of a group's notes and of a snapshot's mark: decoded or refused, never
// a crash; what is decoded encodes to itself.
#include "shard/notes.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv::shard;
    const distkv::base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto identity = decode_identity(bytes)) {
        CHECK(encode_identity(*identity) == bytes);
    }
    if (const auto promises = decode_promises(bytes)) {
        CHECK(encode_promises(*promises) == bytes);
    }
    if (const auto intent = decode_intent(bytes)) {
        CHECK(encode_intent(*intent) == bytes);
    }
    if (const auto mark = decode_mark(bytes)) {
        CHECK(encode_mark(*mark) == bytes);
    }
    return 0;
}
