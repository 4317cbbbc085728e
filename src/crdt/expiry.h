// When a key goes by itself. Of concurrent settings the longest wins, and to persist beats them
// all; a setting that has seen others replaces them.
#pragma once

#include <cstdint>
#include <optional>

#include "crdt/writer.h"

namespace distkv::crdt {

// EXPIREAT, in milliseconds since 1970; a time that has come deletes the key. Whether there is such
// a key.
base::Result<Outcome<bool>> expire_at(const KeyState& state, std::uint64_t at_ms,
                                      const Writer& writer);

// PERSIST. Whether there was an expiry to take away.
base::Result<Outcome<bool>> persist(const KeyState& state, const Writer& writer);

struct Expiry {
    bool exists = false;
    std::optional<std::uint64_t> at_ms;  // Nothing: it stays.

    bool operator==(const Expiry&) const = default;
};
Expiry expiry_of(const KeyState& state, time::Hlc now);

}  // namespace distkv::crdt
