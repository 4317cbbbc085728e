#include "wire/hello.h"

#include "base/codec.h"

namespace distkv::wire {
namespace {

constexpr base::ByteView kMagic = "DKVP";

base::Result<Party> decode_party(base::Decoder& in) {
    const base::NodeId node{TRY(in.fixed<std::uint64_t>())};
    const base::ReactorId reactor{TRY(in.fixed<std::uint64_t>())};
    return Party{node, reactor};
}

std::string name_of(const Party& party) {
    return to_string(party.node) + "." + to_string(party.reactor);
}

}  // namespace

base::Bytes encode_hello(const Hello& hello) {
    base::Encoder out;
    out.raw(kMagic);
    out.fixed(kPeerProtocolVersion);
    out.fixed(hello.cluster.value);
    out.fixed(hello.from.node.value);
    out.fixed(hello.from.reactor.value);
    out.fixed(hello.incarnation);
    out.fixed(hello.to.node.value);
    out.fixed(hello.to.reactor.value);
    return std::move(out).take();
}

base::Result<Hello> decode_hello(base::ByteView payload) {
    if (!payload.starts_with(kMagic)) {
        return base::fail(base::Errc::kCorrupt, "the connection does not begin with a hello");
    }
    base::Decoder in(payload.substr(kMagic.size()));
    const auto version = TRY(in.fixed<std::uint8_t>());
    if (version != kPeerProtocolVersion) {
        return base::fail(base::Errc::kInvalid, "the peer speaks version " +
                                                    std::to_string(version) + ", we speak " +
                                                    std::to_string(kPeerProtocolVersion));
    }
    Hello hello;
    hello.cluster.value = TRY(in.fixed<std::uint64_t>());
    hello.from = TRY(decode_party(in));
    hello.incarnation = TRY(in.fixed<std::uint64_t>());
    hello.to = TRY(decode_party(in));
    TRY(in.finish());
    return hello;
}

base::Result<void> check_hello(const Hello& theirs, ClusterId cluster, Party me) {
    if (theirs.cluster != cluster) {
        return base::fail(base::Errc::kInvalid, name_of(theirs.from) + " belongs to cluster " +
                                                    to_string(theirs.cluster) + ", we to " +
                                                    to_string(cluster));
    }
    if (theirs.to != me) {
        return base::fail(
            base::Errc::kInvalid,
            name_of(theirs.from) + " wants " + name_of(theirs.to) + ", this is " + name_of(me));
    }
    return {};
}

}  // namespace distkv::wire
