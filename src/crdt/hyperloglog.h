// Counts different elements, nearly (sketch.h). An origin's cell holds its own registers; what
// shows is the greatest of each register over the cells that live.
//
// What others have counted already is written again by an origin that has not counted it itself:
// else a deletion that saw only the others' cells would take it along. What the origin has counted
// itself is not: a deletion at the same moment wins over adding it again.
#pragma once

#include <cstdint>
#include <span>

#include "crdt/sketch.h"
#include "crdt/writer.h"

namespace distkv::crdt {

base::Result<std::uint64_t> sketch_count(const KeyState& state, time::Hlc now);

// Of several keys: join their sketches. Empty when there is no such key.
base::Result<Sketch> sketch_of(const KeyState& state, time::Hlc now);

// Reply: whether the estimate may have changed, or the key is new.
base::Result<Outcome<bool>> sketch_add(const KeyState& state, std::span<const base::Bytes> elements,
                                       const Writer& writer);
base::Result<Outcome<bool>> sketch_merge(const KeyState& state, const Sketch& other,
                                         const Writer& writer);

}  // namespace distkv::crdt
