#include "shard/machine.h"

#include "base/codec.h"

namespace distkv::shard {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMembershipBytesMax = std::size_t{64} << 10;

}  // namespace

base::Bytes encode_members(const raft::Membership& membership) {
    return membership.voters.empty() ? base::Bytes() : membership.encode();
}

base::Result<raft::Membership> decode_members(base::ByteView bytes) {
    if (bytes.empty()) {
        return raft::Membership();
    }
    return raft::Membership::decode(bytes);
}

// byte version, varint index, varint term, bytes membership (none: no bytes)
base::Bytes encode_mark(const Mark& mark) {
    base::Encoder out;
    out.fixed(kVersion);
    out.varint(mark.at.index);
    out.varint(mark.at.term);
    out.bytes(encode_members(mark.membership));
    return std::move(out).take();
}

base::Result<Mark> decode_mark(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    Mark mark;
    mark.at.index = TRY(in.varint());
    mark.at.term = TRY(in.varint());
    mark.membership = TRY(decode_members(TRY(in.bytes(kMembershipBytesMax))));
    TRY(in.finish());
    return mark;
}

}  // namespace distkv::shard
