// A key is a set of cells, and a field says which cell: what it is for (tag), of which element of a
// collection, and who owns it. An owned cell is written by its owner only, so that a reader merges
// at most one cell an origin; the register alone is shared, and its greatest dot wins.
//
// Tags are written to disk and order the cells of a key there. A string is read by coming to the
// first cell of its key: everything that would change what the register means stands before it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/origin.h"

namespace distkv::crdt {

enum class Tag : std::uint8_t {
    kHeader = 0x08,        // Expiry, and "cleared up to".
    kSummary = 0x10,       // Not a cell: what this replica counted (summary.h). Never travels.
    kSiblings = 0x18,      // Multi-value register.
    kFlag = 0x20,          //
    kEscrow = 0x28,        // Bounded counter.
    kSketch = 0x30,        // HyperLogLog.
    kCount = 0x38,         // What was added to a string by increments.
    kRegister = 0x40,      // A string.
    kMember = 0x48,        // Add-wins set.
    kStrictMember = 0x50,  // Remove-wins set.
    kMapField = 0x58,      // Map: what was set,
    kMapAmount = 0x59,     // and what was added.
    kScore = 0x60,         // Sorted set: the score that was set,
    kScoreAmount = 0x61,   // and what was added.
    kListItem = 0x68,      // The element is its position.
};

constexpr bool is_shared(Tag tag) {
    return tag == Tag::kRegister;
}
constexpr bool is_amount(Tag tag) {
    return tag == Tag::kCount || tag == Tag::kMapAmount || tag == Tag::kScoreAmount;
}
constexpr bool has_element(Tag tag) {
    return tag > Tag::kRegister;
}
bool is_known(Tag tag);

// What people see. When concurrent writers gave one key different types, all their cells are kept,
// the greater type shows and the others are reported: what holds many writes beats what holds few.
// (The earliest was tried on paper: the cells that would have to remember who was first are cleared
// by removals that did not see the later writes.)
enum class Type : std::uint8_t {
    kNone = 0,
    kString = 1,
    kSiblings = 2,
    kFlag = 3,
    kHyperLogLog = 4,
    kBoundedCounter = 5,
    kRemoveWinsSet = 6,
    kAddWinsSet = 7,
    kSortedSet = 8,
    kList = 9,
    kMap = 10,
};
inline constexpr std::size_t kTypes = 11;

std::string_view name_of(Type type);
Type type_of(Tag tag);  // kNone for the header.
Tag tag_of(Type type);  // The one under which its values stand.

struct Field {
    Tag tag = Tag::kRegister;
    base::Bytes element;
    model::Origin owner;  // Of a shared cell: none.

    auto operator<=>(const Field&) const = default;
};

}  // namespace distkv::crdt
