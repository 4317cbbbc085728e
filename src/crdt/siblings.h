// A register that keeps all concurrent values until somebody who has read them writes (dotted
// version vectors; Preguica et al., 2012). Reading gives the values and a context, an opaque token;
// writing with it replaces exactly the values that the token covers. Writing without one replaces
// nothing.
//
// An origin's cell holds its own values that live (sibling_values.h), and clears what it ever
// replaced of others. Deleting the key clears all that is seen. There is no removal with a context:
// it would leave a cell newer than all its values (see there).
//
//     context  byte version, 1; version vector; 4 bytes CRC-32C of the key and of what stands
//              before (a token of another key would replace what its holder never saw)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "crdt/writer.h"

namespace distkv::crdt {

struct Siblings {
    std::vector<base::Bytes> values;  // Oldest first.
    base::Bytes context;
};

// `key`: what names it in the cluster, for the context.
base::Result<Siblings> read_siblings(const KeyState& state, base::ByteView key, time::Hlc now);

struct SiblingWrite {
    base::ByteView key;
    base::Bytes value;
    std::optional<base::ByteView> context;
};

// Reply: how many values there are now. kInvalid for a context that is damaged or of another key,
// and for the write that would make more than limits::kSiblingsMax; kRetry for a context that
// covers what has not arrived here yet.
base::Result<Outcome<std::uint64_t>> write_sibling(const KeyState& state, const SiblingWrite& write,
                                                   const Writer& writer);

base::Bytes encode_context(const model::VersionVector& covered, base::ByteView key);
base::Result<model::VersionVector> decode_context(base::ByteView token, base::ByteView key);

}  // namespace distkv::crdt
