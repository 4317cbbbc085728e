// Reads what a command needs of a key into a KeyState.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "crdt/cell.h"
#include "crdt/key_state.h"
#include "storage/engine.h"
#include "storage/version_key.h"

namespace distkv::storage {

// The core (every cell that belongs to no element, and the summary) always; more as named.
struct Want {
    struct Element {
        crdt::Tag tag;  // Of what was set; what was added comes with it.
        base::Bytes element;
    };
    std::vector<Element> elements;
    bool amounts = false;  // Those of all elements: what deleting a key needs.
    bool whole = false;
};

// What merging these effects needs. (The whole key when they clear it: there may be more than they
// clear, and that is counted anew.)
Want wanted_to_merge(const crdt::Effects& effects);

// Either the state, or what must be brought into memory before asking again.
struct Load {
    std::optional<crdt::KeyState> state;
    Range missing;
};

// The newest state. `whole` of it says whether every cell is there.
base::Result<Load> load_key(Engine& engine, const model::KeyName& name, const Want& want);

// As it was when exactly the vector had been seen. All of it, because only then can be told what
// showed: the summary knows the present. A plain string takes one lookup, and a look whether it is
// plain; `core` (the present core, from the memory tier; null: not there) spares the look.
base::Result<Load> load_key_as_of(Engine& engine, const model::KeyName& name,
                                  const model::VersionVector& as_of,
                                  const crdt::KeyState* core = nullptr);

}  // namespace distkv::storage
