// Where an element of a list stands: bytes whose order is the order of the list, so that a store
// seeks to any place of it. Made once, by whoever inserts, never changed.
//
// A position is a path of steps. A step names one element of one run: a run is what one origin
// inserted side by side, and its elements are numbered, backwards too. The first step lies at the
// top; every other one lies in the left or the right gap of the element that the steps before name.
//
//     position  step (gap step)* 0x02
//     gap       0x01 left of the element, 0x03 right of it
//     step      rank, 8 bytes stamp of the run (big-endian), region, incarnation, index
//     numbers   0x80 + n for -64 <= n < 64; beyond: n >= 64 as 0xbf + count of bytes and those
//     bytes,
//               big-endian, as few as possible; n < -64 as 0x40 - count of bytes and the inverted
//               bytes of -1 - n. Their order as bytes is their order as numbers.
//
// No step is the beginning of another, so what hangs on an element lies next to it: all of its left
// gap, itself, all of its right gap.
//
// What is promised, and why:
//
//   * All replicas agree on the order: it is the order of the bytes, which never change.
//   * Runs that several origins insert at one place at the same time, forwards or backwards, stand
//     one behind the other, never letter by letter. They begin in one gap, where ranks and names of
//     runs order them whole. A run is continued only outwards: behind an element numbered 0 or
//     more, before one numbered 0 or less, and only while nothing that is known hangs there.
//     Whoever inserts between two elements of which the one hangs on the other goes into the near
//     gap of the outer one, so that no two who see the same neighbours choose different gaps. This
//     is the tree of Fugue (Weidner and Kleppmann, 2023), with the chains of only children that
//     typing makes folded into numbers.
//   * Length follows depth, not size: at most 36 bytes a step, about 13 in practice. Appending and
//     prepending make no depth: they continue a run, or begin one at the top with the next rank
//     (which is what ranks are for: without them, regions that append in turn would hang each on
//     the other). Depth grows by one when somebody inserts between two elements and cannot continue
//     a run. So a list into whose middle one always inserts, at the place of the insertion before,
//     but on its other side, comes to its limit after some 600 insertions; in random places, depth
//     is logarithmic (1000 insertions: 130 bytes).
//
// Rejected: RGA and Fugue with their trees of origins. An element's place is there found by walking
// the tree, and a store wants to seek. Fractions between neighbours (LSEQ, Logoot): short, but runs
// interleave.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/origin.h"

namespace distkv::crdt {

enum class Gap : std::uint8_t { kLeft = 0x01, kTop = 0x02, kRight = 0x03 };

struct Step {
    Gap gap = Gap::kTop;  // Of what is named before; the first step: kTop.
    std::int64_t rank = 0;
    model::Dot run;  // The command that began it.
    std::int64_t index = 0;

    auto operator<=>(const Step&) const = default;
};

struct Position {
    std::vector<Step> steps;

    bool operator==(const Position&) const = default;
};

base::Bytes encode_position(const Position& position);
base::Result<Position> decode_position(base::ByteView bytes);

// A new position for the writer of the dot, below `right` and above `left`, which are neighbours.
// Null: there is none on that side.
Position position_between(const Position* left, const Position* right, const model::Dot& writer);

}  // namespace distkv::crdt
