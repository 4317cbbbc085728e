#include "model/entry_header.h"

#include <string>

namespace distkv::model {
namespace {

constexpr std::uint8_t kVersion = 1;

enum Part : std::uint64_t {
    kProposal = 1U << 0U,
    kHlc = 1U << 1U,
    kOrigin = 1U << 2U,
    kEpoch = 1U << 3U,
    kPolicyVersion = 1U << 4U,
    kDependencies = 1U << 5U,
    kTrace = 1U << 6U,
    kTransaction = 1U << 7U,
};
constexpr std::uint64_t kAllParts = (1U << 8U) - 1;

std::uint64_t parts_of(const EntryHeader& header) {
    const EntryHeader none;
    const auto part = [](bool present, Part bit) { return present ? std::uint64_t{bit} : 0; };
    return part(header.proposal != none.proposal, kProposal) | part(header.hlc != none.hlc, kHlc) |
           part(header.origin != none.origin, kOrigin) | part(header.epoch != 0, kEpoch) |
           part(header.policy_version != 0, kPolicyVersion) |
           part(!header.dependencies.empty(), kDependencies) |
           part(header.trace != none.trace, kTrace) |
           part(header.transaction != none.transaction, kTransaction);
}

template <class Tag>
void encode_wide(base::Encoder& out, const WideId<Tag>& id) {
    out.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

template <class Id>
base::Result<Id> decode_wide(base::Decoder& in) {
    Id id;
    for (std::uint8_t& byte : id.bytes) {
        byte = TRY(in.fixed<std::uint8_t>());
    }
    return id;
}

base::Result<void> decode_parts(base::Decoder& in, std::uint64_t parts, EntryHeader& header) {
    if ((parts & kProposal) != 0) {
        header.proposal.coordinator = TRY(in.varint());
        header.proposal.incarnation = TRY(in.varint());
        header.proposal.sequence = TRY(in.varint());
    }
    if ((parts & kHlc) != 0) {
        header.hlc = TRY(time::Hlc::decode(in));
    }
    if ((parts & kOrigin) != 0) {
        header.origin = TRY(Origin::decode(in));
    }
    if ((parts & kEpoch) != 0) {
        header.epoch = TRY(in.varint());
    }
    if ((parts & kPolicyVersion) != 0) {
        header.policy_version = TRY(in.varint());
    }
    if ((parts & kDependencies) != 0) {
        header.dependencies = TRY(VersionVector::decode(in));
    }
    if ((parts & kTrace) != 0) {
        header.trace = TRY(decode_wide<TraceId>(in));
    }
    if ((parts & kTransaction) != 0) {
        header.transaction = TRY(decode_wide<TransactionId>(in));
    }
    return {};
}

}  // namespace

void EntryHeader::encode(base::Encoder& out) const {
    const std::uint64_t parts = parts_of(*this);
    out.fixed(kVersion);
    out.varint(feature_level);
    out.varint(parts);
    if ((parts & kProposal) != 0) {
        out.varint(proposal.coordinator);
        out.varint(proposal.incarnation);
        out.varint(proposal.sequence);
    }
    if ((parts & kHlc) != 0) {
        hlc.encode(out);
    }
    if ((parts & kOrigin) != 0) {
        origin.encode(out);
    }
    if ((parts & kEpoch) != 0) {
        out.varint(epoch);
    }
    if ((parts & kPolicyVersion) != 0) {
        out.varint(policy_version);
    }
    if ((parts & kDependencies) != 0) {
        dependencies.encode(out);
    }
    if ((parts & kTrace) != 0) {
        encode_wide(out, trace);
    }
    if ((parts & kTransaction) != 0) {
        encode_wide(out, transaction);
    }
}

base::Result<EntryHeader> EntryHeader::decode(base::Decoder& in) {
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    EntryHeader header;
    header.feature_level = TRY(in.varint());
    const std::uint64_t parts = TRY(in.varint());
    if ((parts & ~kAllParts) != 0) {
        return base::fail(base::Errc::kCorrupt, "an entry header with unknown parts " +
                                                    std::to_string(parts & ~kAllParts));
    }
    TRY(decode_parts(in, parts, header));
    if (parts_of(header) != parts) {
        return base::fail(base::Errc::kCorrupt, "an entry header that spells out an empty part");
    }
    return header;
}

}  // namespace distkv::model
