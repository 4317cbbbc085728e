// The memory tier: the latest cells of keys that were asked for lately, under a budget of bytes. A
// versioned lookup in an engine costs microseconds; a hit here does not.
//
// It holds parts: the core of a key (every cell that belongs to no element, and the summary), and
// elements of collections one by one. A part that is here is right: whoever applies a change to the
// engine tells the tier in the same step, and a part that is not here is not made by that.
//
// When the budget is used up, parts that nobody asked for since the hand last passed go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "crdt/key_state.h"
#include "model/key_name.h"
#include "storage/change_set.h"
#include "storage/key_load.h"

namespace distkv::storage {

struct TierCounts {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evicted = 0;
    std::size_t parts = 0;
    std::size_t bytes = 0;  // Estimated, with what the parts cost beside their content.
};

class MemoryTier {
public:
    explicit MemoryTier(std::size_t bytes_max);
    ~MemoryTier();
    MemoryTier(const MemoryTier&) = delete;
    MemoryTier& operator=(const MemoryTier&) = delete;

    // The core alone; null: not here. Valid until the tier is called again.
    const crdt::KeyState* find(const model::KeyName& name);

    // What is wanted, if all of it is here. (Nothing for `amounts` or `whole`: those are scans.)
    std::optional<crdt::KeyState> find(const model::KeyName& name, const Want& want);

    // What load_key() said about that want. A part that is larger than an eighth of the budget is
    // not kept.
    void keep(const model::KeyName& name, const Want& want, const crdt::KeyState& loaded);

    // What merge_into() said, as it is applied.
    void apply(const KeyChange& change);

    // Of a key, by the prefix of its name; of everything, after a range delete or a new snapshot.
    void forget(base::ByteView key_prefix);
    void clear();

    [[nodiscard]] const TierCounts& counts() const;

private:
    class Parts;
    std::unique_ptr<Parts> parts_;  // Its hash map costs much to compile.
};

}  // namespace distkv::storage
