// The values of the notes that a group keeps in the shared log. Each begins with a version byte.
#pragma once

#include <optional>

#include "raft/effects.h"
#include "shard/group.h"

namespace distkv::shard {

struct Identity {
    raft::ReplicaId replica;
    bool witness = false;

    bool operator==(const Identity&) const = default;
};

// byte version, varint replica, byte witness
base::Bytes encode_identity(const Identity& identity);
base::Result<Identity> decode_identity(base::ByteView bytes);

struct Promises {
    time::Hlc ceiling;
    raft::Position repair;

    bool operator==(const Promises&) const = default;
};

// byte version, 8 bytes ceiling, varint repair.index, varint repair.term
base::Bytes encode_promises(const Promises& promises);
base::Result<Promises> decode_promises(base::ByteView bytes);

// What was begun and must be finished: a snapshot's installation, or (nothing staged) the
// replica's destruction.
struct Intent {
    std::optional<Staged> install;

    bool operator==(const Intent&) const = default;
};

// byte version, byte kind (1 install, 2 destroy); an installation: bytes path, varint size,
// 4 bytes crc, bytes mark
base::Bytes encode_intent(const Intent& intent);
base::Result<Intent> decode_intent(base::ByteView bytes);

}  // namespace distkv::shard
