// What a replica counts about a key beside its cells, so that sizes and types are known without
// reading a million fields. Derived: it never travels between regions, and no checksum covers it. A
// key that has none is a plain register, or nothing.
//
//     byte    version, 1
//     byte    1: there are cells that are not counted, else 0
//     varint  how many types follow, then of each, types ascending: byte type, varint live elements
//     version vector of what was written
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/field.h"
#include "model/version_vector.h"

namespace distkv::crdt {

struct Summary {
    std::array<std::uint64_t, kTypes> live{};  // Elements that show. Strings are not counted.
    model::VersionVector written;              // Covers the dot of every cell that is counted.
    bool uncounted = false;  // There are cells of a header, or amounts of a string.

    [[nodiscard]] std::uint64_t of(Type type) const { return live[static_cast<std::size_t>(type)]; }
    [[nodiscard]] bool nothing_lives() const { return live == decltype(live){}; }
    bool operator==(const Summary&) const = default;
};

base::Bytes encode_summary(const Summary& summary);
base::Result<Summary> decode_summary(base::ByteView bytes);

}  // namespace distkv::crdt
