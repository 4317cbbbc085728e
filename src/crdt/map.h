// Maps: what was set, of which the last writer's value shows, and what was added to it, as with
// strings. To set a field wins over a concurrent removal of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "crdt/writer.h"

namespace distkv::crdt {

struct MapEntry {
    base::Bytes field;
    base::Bytes value;

    bool operator==(const MapEntry&) const = default;
};

// How many did not show before. Of a field that stands there twice the later value counts.
base::Result<Outcome<std::uint64_t>> map_set(const KeyState& state,
                                             std::span<const MapEntry> entries,
                                             const Writer& writer);

// How many showed.
base::Result<Outcome<std::uint64_t>> map_remove(const KeyState& state,
                                                std::span<const base::Bytes> fields,
                                                const Writer& writer);

base::Result<Outcome<std::int64_t>> map_increment(const KeyState& state, base::ByteView field,
                                                  std::int64_t by, const Writer& writer);

base::Result<std::optional<base::Bytes>> map_get(const KeyState& state, base::ByteView field,
                                                 time::Hlc now);
base::Result<std::uint64_t> map_size(const KeyState& state, time::Hlc now);

// Fields ascending. Needs the whole key.
base::Result<std::vector<MapEntry>> map_entries(const KeyState& state, time::Hlc now);

}  // namespace distkv::crdt
