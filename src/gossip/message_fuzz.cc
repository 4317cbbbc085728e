// Whatever a peer sends: decoded or refused, never a crash; what is decoded encodes to itself.
#include "gossip/message.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "gossip/ceiling_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto message = gossip::decode_message(bytes)) {
        CHECK(gossip::encode(*message) == bytes);
    }
    if (const auto ceiling = gossip::decode_ceiling(bytes)) {
        CHECK(gossip::encode_ceiling(*ceiling) == bytes);
    }
    return 0;
}
