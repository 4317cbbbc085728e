// Walks versions in an engine, and shows of each cell the one that counts: the newest, or the
// newest that a vector covers. Steps over an unwanted history by seeking, not by reading it.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "crdt/cell.h"
#include "model/version_vector.h"
#include "storage/engine.h"
#include "storage/version_key.h"

namespace distkv::storage {

class VersionWalk {
public:
    enum class Place : std::uint8_t { kAtCell, kAtSummary, kEnd, kWouldBlock };

    // `as_of` null: the newest. It must outlive the walk, as the engine must.
    static base::Result<VersionWalk> over(Engine& engine, Range range, const Snapshot* at,
                                          const model::VersionVector* as_of);

    // To the first cell whose name is not below `from`.
    base::Result<Place> seek(base::ByteView from);
    base::Result<Place> next();          // The next cell,
    base::Result<Place> next_element();  // of another element,
    base::Result<Place> next_key();      // of another key.

    // After kWouldBlock: bring this into memory, then seek to where the walk was, resume().
    [[nodiscard]] Range missing() const { return {wanted_, range_.until}; }
    base::Result<Place> resume() { return seek(wanted_); }

    // Where it is, until it moves.
    [[nodiscard]] base::ByteView raw_key() const { return cursor_->key(); }
    [[nodiscard]] base::ByteView raw_value() const { return cursor_->value(); }
    [[nodiscard]] base::Result<VersionKey> key() const { return decode_version_key(raw_key()); }
    [[nodiscard]] base::Result<crdt::Effect> cell() const;

private:
    VersionWalk(std::unique_ptr<Cursor> cursor, Range range, const model::VersionVector* as_of);

    base::Result<Place> settle();

    std::unique_ptr<Cursor> cursor_;
    Range range_;
    const model::VersionVector* as_of_;
    time::Hlc newest_wanted_ = time::kHlcMax;
    base::Bytes wanted_;  // Where it last sought.
};

// The same with a version's name that was read already; checks the cell.
base::Result<crdt::Effect> decode_effect(VersionKey key, base::ByteView value);

}  // namespace distkv::storage
