#include "shard/notes.h"

#include "base/codec.h"

namespace distkv::shard {

using base::Decoder;
using base::Encoder;
using base::Errc;
using base::Result;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kInstall = 1;
constexpr std::uint8_t kDestroy = 2;
constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kMarkBytesMax = std::size_t{64} << 10;

}  // namespace

base::Bytes encode_identity(const Identity& identity) {
    Encoder out;
    out.fixed(kVersion);
    out.varint(identity.replica.value);
    out.fixed(static_cast<std::uint8_t>(identity.witness));
    return std::move(out).take();
}

Result<Identity> decode_identity(base::ByteView bytes) {
    Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    Identity identity;
    identity.replica = raft::ReplicaId{TRY(in.varint())};
    const auto witness = TRY(in.fixed<std::uint8_t>());
    TRY(in.finish());
    if (identity.replica == raft::kNobody || witness > 1) {
        return base::fail(Errc::kCorrupt, "the identity of a replica is malformed");
    }
    identity.witness = witness == 1;
    return identity;
}

base::Bytes encode_promises(const Promises& promises) {
    Encoder out;
    out.fixed(kVersion);
    promises.ceiling.encode(out);
    out.varint(promises.repair.index);
    out.varint(promises.repair.term);
    return std::move(out).take();
}

Result<Promises> decode_promises(base::ByteView bytes) {
    Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    Promises promises;
    promises.ceiling = TRY(time::Hlc::decode(in));
    promises.repair.index = TRY(in.varint());
    promises.repair.term = TRY(in.varint());
    TRY(in.finish());
    return promises;
}

base::Bytes encode_intent(const Intent& intent) {
    Encoder out;
    out.fixed(kVersion);
    out.fixed(intent.install ? kInstall : kDestroy);
    if (intent.install) {
        out.bytes(intent.install->path);
        out.varint(intent.install->size);
        out.fixed(intent.install->crc);
        out.bytes(encode_mark(intent.install->mark));
    }
    return std::move(out).take();
}

Result<Intent> decode_intent(base::ByteView bytes) {
    Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    const auto kind = TRY(in.fixed<std::uint8_t>());
    Intent intent;
    if (kind == kInstall) {
        Staged staged;
        staged.path = TRY(in.bytes(kPathBytesMax));
        staged.size = TRY(in.varint());
        staged.crc = TRY(in.fixed<std::uint32_t>());
        staged.mark = TRY(decode_mark(TRY(in.bytes(kMarkBytesMax))));
        intent.install = std::move(staged);
    } else if (kind != kDestroy) {
        return base::fail(Errc::kCorrupt, "an intent of the unknown kind " + std::to_string(kind));
    }
    TRY(in.finish());
    return intent;
}

}  // namespace distkv::shard
