// The newest version of one field. Its dot is its name; merging two versions of a field keeps the
// greater dot and joins what both say of other cells (clears, absorbed), so effects are idempotent,
// commutative and associative by construction. All meaning lies in what a writer puts into its own
// cell and in how readers join the cells (liveness.h).
//
// Why the join: a writer that has collected what it once cleared no longer names it, and a region
// that has not collected yet would see it again.
//
// On disk and wire, behind a key that names field and dot:
//
//     byte    version, 1
//     byte    bits 0 to 1: kind; bit 2: clears; bit 3: absorbed; bit 4: amounts have a real part
//     bit 2   version vector
//     kind 2  8 bytes since when, amount
//     bit 3   varint count, then of each, origins ascending: origin, 8 bytes stamp, amount
//     kind 1  the value: all the rest
//     amount: signed varint whole part; with bit 4 also 8 bytes, the real part as IEEE 754
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/field.h"
#include "model/version_vector.h"

namespace distkv::crdt {

// What was added: whole numbers for counters, reals for the scores of sorted sets.
struct Amount {
    std::int64_t whole = 0;
    double real = 0;

    bool operator==(const Amount&) const = default;
};

// How much of another cell's amount was taken away, by somebody who saw it at that stamp.
struct Absorbed {
    time::Hlc at;
    Amount amount;

    bool operator==(const Absorbed&) const = default;
};
using Absorptions = std::map<model::Origin, Absorbed>;

enum class Kind : std::uint8_t {
    kGone = 0,    // Says only what it clears.
    kValue = 1,   //
    kAmount = 2,  // Cumulative: all that its owner ever added.
};

struct Cell {
    model::Dot dot;
    Kind kind = Kind::kGone;
    base::Bytes value;

    // Cells of the same element (of the header: of the whole key) that the writer saw and replaced.
    // Their owners' later cells are not among them: a removal affects what was observed.
    model::VersionVector clears;

    Amount amount;
    time::Hlc
        began;  // Since when its owner has been adding: a cell that was collected begins anew.
    Absorptions absorbed;

    bool operator==(const Cell&) const = default;
};

// What a command writes and a stream carries.
struct Effect {
    Field field;
    Cell cell;

    bool operator==(const Effect&) const = default;
};
using Effects = std::vector<Effect>;

base::Bytes encode_cell(const Cell& cell);
base::Result<Cell> decode_cell(base::ByteView bytes, const model::Dot& dot);

// For each origin the newer of both.
void join(Absorptions& into, const Absorptions& other);

}  // namespace distkv::crdt
