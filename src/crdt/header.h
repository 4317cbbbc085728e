// The header of a key: what holds for all of its cells. Every origin has a header cell of its own;
// what holds is the join of all of them.
//
//   * "Cleared up to": every value and removal whose dot this vector covers is gone, so that
//   deleting
//     a key of a million members is one small write. (Amounts are absorbed one by one instead, see
//     cell.h: an increment that the clearing did not see must keep its part, exactly.)
//   * The expiry. The longest wins between concurrent settings, and to persist beats all of them; a
//     setting that has seen another replaces it.
//
// In the cell: `clears` is the cleared-up-to vector, `value` the origin's own setting of the
// expiry, empty when it made none:
//
//     byte    version, 1
//     byte    0 lifted, 1 expires, 2 persists
//     8 bytes the stamp of the setting
//     8 bytes milliseconds since 1970, of kind 1
//     version vector: the settings that it has seen
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "crdt/key_state.h"

namespace distkv::crdt {

struct ExpirySetting {
    // kLifted: there is no expiry, because the value was written anew. kPersists: somebody asked
    // for it to stay.
    enum class Kind : std::uint8_t { kLifted = 0, kExpires = 1, kPersists = 2 };
    Kind kind = Kind::kLifted;
    time::Hlc set;
    std::uint64_t at_ms = 0;
    model::VersionVector seen;

    bool operator==(const ExpirySetting&) const = default;
};

base::Bytes encode_setting(const ExpirySetting& setting);
base::Result<ExpirySetting> decode_setting(base::ByteView bytes);

struct Header {
    model::VersionVector cleared;
    std::optional<std::uint64_t> expires_ms;
    bool any_setting_lives = false;  // To be replaced by whoever writes the value anew.

    [[nodiscard]] bool expired(time::Hlc now) const;
};

// Header cells come from disk and wire, but only checked ones get into a KeyState: see
// check_cell().
Header header_of(const KeyState& state);

}  // namespace distkv::crdt
