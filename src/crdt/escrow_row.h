// The books of a bounded counter (bounded_counter.h). An origin's cell holds its own row; what it
// may do follows from the rows of all. All numbers only grow.
//
//     byte    version, 1
//     varint  granted
//     varint  spent
//     varint  number of origins it gave to, then of each, ascending: origin, varint amount, not 0
//     the same of origins that it took from
#pragma once

#include <cstdint>
#include <map>

#include "crdt/liveness.h"

namespace distkv::crdt {

using Shares = std::map<model::Origin, std::int64_t>;

struct EscrowRow {
    std::int64_t granted = 0;  // Rights that its owner made, by incrementing.
    std::int64_t spent = 0;    // Those that it used up, by decrementing.
    Shares given;              // Those that it handed to others.
    Shares taken;              // Those that it took over from origins that are dead.

    bool operator==(const EscrowRow&) const = default;
};

base::Bytes encode_row(const EscrowRow& row);
base::Result<EscrowRow> decode_row(base::ByteView bytes);

// Sums that may be above 64 bits, when several origins grant much.
__extension__ typedef __int128 Wide;
std::int64_t narrow(Wide sum);

struct Books {
    std::map<model::Origin, EscrowRow> rows;

    // The living rows of the key.
    static base::Result<Books> of(const KeyState& state);

    [[nodiscard]] EscrowRow row(const model::Origin& origin) const;
    [[nodiscard]] Wide value() const;  // Granted and not spent, as far as is known here.

    // What came to the origin and was not taken from it; and what it has used or handed on.
    [[nodiscard]] Wide income(const model::Origin& origin) const;
    [[nodiscard]] Wide used(const model::Origin& origin) const;
    [[nodiscard]] Wide rights(const model::Origin& origin) const {
        return income(origin) - used(origin);
    }
};

}  // namespace distkv::crdt
