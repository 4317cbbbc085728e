#include "crdt/escrow_row.h"

#include <algorithm>
#include <limits>

#include "base/codec.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;
using Limits = std::numeric_limits<std::int64_t>;

namespace {

constexpr std::uint8_t kVersion = 1;

void encode_shares(base::Encoder& out, const Shares& shares) {
    out.varint(shares.size());
    for (const auto& [origin, amount] : shares) {
        origin.encode(out);
        out.varint(static_cast<std::uint64_t>(amount));
    }
}

Result<std::int64_t> decode_amount(base::Decoder& in) {
    const std::uint64_t amount = TRY(in.varint());
    if (amount > static_cast<std::uint64_t>(Limits::max())) {
        return fail(Errc::kCorrupt, "a row of a bounded counter with a number beyond 63 bits");
    }
    return static_cast<std::int64_t>(amount);
}

Result<Shares> decode_shares(base::Decoder& in) {
    Shares shares;
    const std::uint64_t count = TRY(in.varint());
    for (std::uint64_t i = 0; i < count; ++i) {
        const model::Origin origin = TRY(model::Origin::decode(in));
        const std::int64_t amount = TRY(decode_amount(in));
        if (amount == 0 || (!shares.empty() && origin <= shares.rbegin()->first)) {
            return fail(Errc::kCorrupt,
                        "a row of a bounded counter whose origins do not ascend, or with a zero");
        }
        shares.emplace_hint(shares.end(), origin, amount);
    }
    return shares;
}

std::int64_t share_of(const Shares& shares, const model::Origin& origin) {
    const auto found = shares.find(origin);
    return found == shares.end() ? 0 : found->second;
}

}  // namespace

base::Bytes encode_row(const EscrowRow& row) {
    base::Encoder out;
    out.fixed(kVersion);
    out.varint(static_cast<std::uint64_t>(row.granted));
    out.varint(static_cast<std::uint64_t>(row.spent));
    encode_shares(out, row.given);
    encode_shares(out, row.taken);
    return std::move(out).take();
}

Result<EscrowRow> decode_row(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));
    EscrowRow row{.granted = TRY(decode_amount(in)), .spent = TRY(decode_amount(in))};
    row.given = TRY(decode_shares(in));
    row.taken = TRY(decode_shares(in));
    TRY(in.finish());
    return row;
}

std::int64_t narrow(Wide sum) {
    return static_cast<std::int64_t>(std::clamp<Wide>(sum, Limits::min(), Limits::max()));
}

Result<Books> Books::of(const KeyState& state) {
    Books books;
    const Header header = header_of(state);
    const auto group = state.group(Tag::kEscrow);
    for (const Effect& cell : group) {
        if (lives(cell, group, header)) {
            books.rows.emplace(cell.field.owner, TRY(decode_row(cell.cell.value)));
        }
    }
    return books;
}

EscrowRow Books::row(const model::Origin& origin) const {
    const auto found = rows.find(origin);
    return found == rows.end() ? EscrowRow{} : found->second;
}

Wide Books::value() const {
    Wide sum = 0;
    for (const auto& [origin, row] : rows) {
        sum += Wide{row.granted} - row.spent;
    }
    return sum;
}

Wide Books::income(const model::Origin& origin) const {
    const EscrowRow own = row(origin);
    Wide sum = own.granted;
    for (const auto& [other, row] : rows) {
        sum += Wide{share_of(row.given, origin)} - share_of(row.taken, origin);
    }
    for (const auto& [from, amount] : own.taken) {
        sum += amount;
    }
    return sum;
}

Wide Books::used(const model::Origin& origin) const {
    const EscrowRow own = row(origin);
    Wide sum = own.spent;
    for (const auto& [to, amount] : own.given) {
        sum += amount;
    }
    return sum;
}

}  // namespace distkv::crdt
