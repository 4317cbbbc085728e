// What the collections (sets, maps, sorted sets) share: which elements a command may name, and
// which ones show.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "crdt/liveness.h"

namespace distkv::crdt {

// kInvalid, naming the limit, when there are too many or one is too large.
base::Result<void> check_elements(std::span<const base::Bytes> elements);
base::Result<void> check_count(std::size_t elements);
base::Result<void> check_element(base::ByteView element);
base::Result<void> check_value(base::ByteView value);

// In order, each once: one command that names an element twice means it once.
std::vector<base::ByteView> each_once(std::span<const base::Bytes> elements);

// The elements of a whole state that show under the tag, ascending; what was only added to counts.
std::vector<base::Bytes> visible_elements(const KeyState& state, Tag tag);

}  // namespace distkv::crdt
