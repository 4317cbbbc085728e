// Sets. Of a concurrent addition and removal of one member, the addition wins in one kind of set
// and the removal in the other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "crdt/writer.h"

namespace distkv::crdt {

enum class SetKind : std::uint8_t { kAddWins, kRemoveWins };

// How many did not show before. In an add-wins set a member that shows is written again, even if
// the writer's own cell of it lives: a concurrent removal may have seen that cell, and only a new
// dot wins against it. In a remove-wins set nothing can make it win, so nothing is written.
base::Result<Outcome<std::uint64_t>> set_add(const KeyState& state, SetKind kind,
                                             std::span<const base::Bytes> members,
                                             const Writer& writer);

// How many showed.
base::Result<Outcome<std::uint64_t>> set_remove(const KeyState& state, SetKind kind,
                                                std::span<const base::Bytes> members,
                                                const Writer& writer);

base::Result<bool> set_contains(const KeyState& state, SetKind kind, base::ByteView member,
                                time::Hlc now);
base::Result<std::uint64_t> set_size(const KeyState& state, SetKind kind, time::Hlc now);

// Ascending. Needs the whole key.
base::Result<std::vector<base::Bytes>> set_members(const KeyState& state, SetKind kind,
                                                   time::Hlc now);

}  // namespace distkv::crdt
