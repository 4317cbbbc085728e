// Strings and counters: a register that all share, of which the greatest dot stays, and beside it
// what each origin has added. SET takes away what it saw of the additions, an addition that it did
// not see is added to whatever wins. Also DEL, of a key of any type.
#pragma once

#include <cstdint>
#include <optional>

#include "crdt/writer.h"

namespace distkv::crdt {

struct StringSet {
    bool keeps_ttl = false;  // Else the value has no expiry.
};

// Over a key of another type it deletes that first, as Redis does.
base::Result<Outcome<bool>> string_set(const KeyState& state, base::Bytes value, StringSet options,
                                       const Writer& writer);

base::Result<std::optional<base::Bytes>> string_get(const KeyState& state, time::Hlc now);

base::Result<Outcome<std::int64_t>> string_increment(const KeyState& state, std::int64_t by,
                                                     const Writer& writer);

// DEL. Whether there was such a key.
base::Result<Outcome<bool>> key_remove(const KeyState& state, const Writer& writer);

}  // namespace distkv::crdt
