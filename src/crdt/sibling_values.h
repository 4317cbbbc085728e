// What a cell of a multi-value register holds: those values of its owner that the owner has not
// replaced, each with the stamp at which it was written.
//
// A value lives until the header, or a cell of another origin, clears its stamp. The newest value
// has the stamp of the cell itself (a cell is only written to add a value), so a cell lives exactly
// if its newest value does, and what knows cells only counts right. But a cell may live while some
// of its values do not: who collects cells asks here what they hide.
//
//     byte    version, 1
//     varint  number of values, at least one, then of each, stamps ascending:
//             8 bytes stamp, varint length and bytes
#pragma once

#include <vector>

#include "crdt/liveness.h"

namespace distkv::crdt {

struct SiblingValue {
    model::Dot dot;
    base::ByteView value;  // A view into the cell.

    bool operator==(const SiblingValue&) const = default;
};
using SiblingValues = std::vector<SiblingValue>;

base::Bytes encode_siblings(const SiblingValues& values);

// kCorrupt unless the newest value has the stamp of the cell.
base::Result<SiblingValues> decode_siblings(const Cell& cell);

// All values of the group that live, dots ascending.
base::Result<SiblingValues> living_siblings(KeyState::Group group, const Header& header);

// Whether the header hides a value of a cell that it does not cover: the header must stay then.
bool hides_siblings(KeyState::Group group, const Header& header);

}  // namespace distkv::crdt
