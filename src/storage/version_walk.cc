#include "storage/version_walk.h"

#include <algorithm>
#include <utility>

#include "crdt/merge.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using base::Result;
using Place = VersionWalk::Place;

VersionWalk::VersionWalk(std::unique_ptr<Cursor> cursor, Range range,
                         const model::VersionVector* as_of)
    : cursor_(std::move(cursor)), range_(std::move(range)), as_of_(as_of) {
    if (as_of_ != nullptr) {
        newest_wanted_ = {};
        for (const auto& [origin, stamp] : as_of_->entries()) {
            newest_wanted_ = std::max(newest_wanted_, stamp);
        }
    }
}

Result<VersionWalk> VersionWalk::over(Engine& engine, Range range, const Snapshot* at,
                                      const model::VersionVector* as_of) {
    auto cursor = TRY(engine.cursor(range, at));
    return VersionWalk(std::move(cursor), std::move(range), as_of);
}

Result<Place> VersionWalk::seek(ByteView from) {
    wanted_ = Bytes(from);
    const Cursor::Place place = TRY(cursor_->seek(wanted_));
    if (place != Cursor::Place::kAtKey) {
        return place == Cursor::Place::kEnd ? Place::kEnd : Place::kWouldBlock;
    }
    return settle();
}

// The cursor is at the first version, intent or summary that may count. Goes on to the one that
// does.
Result<Place> VersionWalk::settle() {
    for (;;) {
        const VersionKey at = TRY(key());
        if (at.is_summary()) {
            return Place::kAtSummary;
        }
        const bool version = at.section == Section::kVersion;
        if (version && (as_of_ == nullptr || as_of_->covers(at.dot))) {
            return Place::kAtCell;
        }
        const ByteView field = raw_key().substr(0, TRY(extents_of(raw_key())).field);
        // Of an owned cell it is known exactly which version is wanted; of a shared one, from which
        // stamp on one may be.
        const time::Hlc stamp = as_of_ == nullptr               ? time::kHlcMax
                                : crdt::is_shared(at.field.tag) ? newest_wanted_
                                                                : as_of_->of(at.field.owner);
        Bytes target = versions_from(field, stamp);
        if (version && stamp == time::Hlc{}) {
            target = behind(Bytes(field));
        }
        Cursor::Place place = Cursor::Place::kEnd;
        if (target <= raw_key()) {
            wanted_ = Bytes(raw_key()) + '\0';
            place = TRY(cursor_->next());
        } else {
            wanted_ = std::move(target);
            place = TRY(cursor_->seek(wanted_));
        }
        if (place != Cursor::Place::kAtKey) {
            return place == Cursor::Place::kEnd ? Place::kEnd : Place::kWouldBlock;
        }
    }
}

Result<Place> VersionWalk::next() {
    return seek(behind(Bytes(raw_key().substr(0, TRY(extents_of(raw_key())).field))));
}

Result<Place> VersionWalk::next_element() {
    const VersionKey at = TRY(key());
    return seek(behind(element_prefix(at.name, at.field.tag, at.field.element)));
}

Result<Place> VersionWalk::next_key() {
    return seek(behind(Bytes(raw_key().substr(0, TRY(extents_of(raw_key())).key))));
}

Result<crdt::Effect> decode_effect(VersionKey key, ByteView value) {
    crdt::Cell cell = TRY(crdt::decode_cell(value, key.dot));
    TRY(crdt::check_cell(key.field, cell));
    return crdt::Effect{std::move(key.field), std::move(cell)};
}

Result<crdt::Effect> VersionWalk::cell() const {
    return decode_effect(TRY(key()), raw_value());
}

}  // namespace distkv::storage
