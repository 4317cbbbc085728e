#include "crdt/cell.h"

#include <bit>

#include "base/codec.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kKindMask = 3;
constexpr std::uint8_t kHasClears = 4;
constexpr std::uint8_t kHasAbsorbed = 8;
constexpr std::uint8_t kHasReals = 16;
constexpr std::uint8_t kKnownBits = 31;

bool has_reals(const Cell& cell) {
    bool found = std::bit_cast<std::uint64_t>(cell.amount.real) != 0;
    for (const auto& [origin, absorbed] : cell.absorbed) {
        found = found || std::bit_cast<std::uint64_t>(absorbed.amount.real) != 0;
    }
    return found;
}

void encode_amount(base::Encoder& out, const Amount& amount, bool reals) {
    out.signed_varint(amount.whole);
    if (reals) {
        out.fixed(std::bit_cast<std::uint64_t>(amount.real));
    }
}

Result<Amount> decode_amount(base::Decoder& in, bool reals) {
    Amount amount{.whole = TRY(in.signed_varint())};
    if (reals) {
        amount.real = std::bit_cast<double>(TRY(in.fixed<std::uint64_t>()));
    }
    return amount;
}

Result<Absorptions> decode_absorptions(base::Decoder& in, bool reals) {
    Absorptions absorptions;
    const std::uint64_t count = TRY(in.varint());
    for (std::uint64_t i = 0; i < count; ++i) {
        const model::Origin origin = TRY(model::Origin::decode(in));
        if (!absorptions.empty() && absorptions.rbegin()->first >= origin) {
            return fail(Errc::kCorrupt, "absorptions of a cell whose origins do not ascend");
        }
        const time::Hlc at = TRY(time::Hlc::decode(in));
        const Amount amount = TRY(decode_amount(in, reals));
        absorptions.emplace_hint(absorptions.end(), origin, Absorbed{at, amount});
    }
    return absorptions;
}

}  // namespace

base::Bytes encode_cell(const Cell& cell) {
    base::Encoder out;
    const bool reals = has_reals(cell);
    auto bits = static_cast<std::uint8_t>(cell.kind);
    bits |= cell.clears.empty() ? 0 : kHasClears;
    bits |= cell.absorbed.empty() ? 0 : kHasAbsorbed;
    bits |= reals ? kHasReals : 0;
    out.fixed(kVersion);
    out.fixed(bits);
    if (!cell.clears.empty()) {
        cell.clears.encode(out);
    }
    if (cell.kind == Kind::kAmount) {
        cell.began.encode(out);
        encode_amount(out, cell.amount, reals);
    }
    if (!cell.absorbed.empty()) {
        out.varint(cell.absorbed.size());
        for (const auto& [origin, absorbed] : cell.absorbed) {
            origin.encode(out);
            absorbed.at.encode(out);
            encode_amount(out, absorbed.amount, reals);
        }
    }
    if (cell.kind == Kind::kValue) {
        out.raw(cell.value);
    }
    return std::move(out).take();
}

Result<Cell> decode_cell(base::ByteView bytes, const model::Dot& dot) {
    base::Decoder in(bytes);
    Cell cell{.dot = dot};
    static_cast<void>(TRY(in.version(kVersion)));
    const std::uint8_t bits = TRY(in.fixed<std::uint8_t>());
    const std::uint8_t kind = bits & kKindMask;
    if (kind > static_cast<std::uint8_t>(Kind::kAmount) || (bits & ~kKnownBits) != 0) {
        return fail(Errc::kCorrupt, "a cell of an unknown kind: " + std::to_string(bits));
    }
    cell.kind = static_cast<Kind>(kind);
    if ((bits & kHasClears) != 0) {
        cell.clears = TRY(model::VersionVector::decode(in));
    }
    const bool reals = (bits & kHasReals) != 0;
    if (cell.kind == Kind::kAmount) {
        cell.began = TRY(time::Hlc::decode(in));
        cell.amount = TRY(decode_amount(in, reals));
    }
    if ((bits & kHasAbsorbed) != 0) {
        cell.absorbed = TRY(decode_absorptions(in, reals));
    }
    if (cell.kind == Kind::kValue) {
        cell.value = base::Bytes(in.rest());
        return cell;
    }
    TRY(in.finish());
    return cell;
}

void join(Absorptions& into, const Absorptions& other) {
    for (const auto& [origin, absorbed] : other) {
        Absorbed& known = into[origin];
        if (known.at < absorbed.at) {
            known = absorbed;
        }
    }
}

}  // namespace distkv::crdt
