// Whatever a peer sends or the disk returns: decoded or refused, never a crash; what is decoded
// encodes to itself.
#include "raft/message.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    base::Decoder in(bytes);
    if (const auto message = raft::decode_message(in)) {
        base::Encoder out;
        raft::encode(*message, out);
        CHECK(out.view() == bytes.substr(0, bytes.size() - in.rest().size()));
        base::Decoder again(out.view());
        CHECK(raft::decode_message(again).value() == *message);
    }
    if (const auto membership = raft::Membership::decode(bytes)) {
        CHECK(membership->encode() == bytes);
    }
    if (const auto entry = raft::decode_from_log({7, 3}, bytes)) {
        CHECK(raft::encode_for_log(*entry) == bytes);
    }
    return 0;
}
