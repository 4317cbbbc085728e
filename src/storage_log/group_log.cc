#include "storage_log/group_log.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::storage_log {

std::optional<base::Bytes> GroupLog::note(std::uint64_t number) const {
    const auto found = notes_.find(number);
    return found == notes_.end() || found->second.value.empty()
               ? std::nullopt
               : std::optional(found->second.value);
}

std::vector<std::uint64_t> GroupLog::notes() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, note] : notes_) {
        if (!note.value.empty()) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

const EntryPlace* GroupLog::entry(std::uint64_t index) const {
    return index < first() || index <= base_ || index > last() ? nullptr
                                                               : &entries_[index - base_ - 1];
}

std::vector<IndexRange> GroupLog::holes() const {
    std::vector<IndexRange> holes;
    if (base_ > cut_.index) {
        holes.push_back({first(), base_});
    }
    for (std::uint64_t index = base_ + 1; index <= last(); ++index) {
        if (entry(index)->there()) {
            continue;
        }
        if (!holes.empty() && holes.back().last + 1 == index) {
            holes.back().last = index;
        } else {
            holes.push_back({index, index});
        }
    }
    return holes;
}

void GroupLog::apply(const Record& record, Place at, std::size_t size, PlaceObserver& observer) {
    CHECK(record.group == group_);
    switch (record.kind) {
        case RecordKind::kEntry:
            put_entry(record, at, size, observer);
            break;
        case RecordKind::kCopy:
            put_copy(record, at, size, observer);
            break;
        case RecordKind::kTruncate:
            truncate(record.index, observer);
            break;
        case RecordKind::kCut:
            cut_to(record, at, size, observer);
            break;
        case RecordKind::kHardState:
            if (const auto state = decode_hard_state(record)) {
                replace(hard_state_, *state, at, size, observer);
                hard_state_lost_ = false;
            } else {
                hard_state_lost_ = true;
            }
            break;
        case RecordKind::kNote:
            put_note(record, at, size, observer);
            break;
        case RecordKind::kForget:
            CHECK(false, "a forgotten group has no log");
    }
}

// Beyond the end there is a hole only where records were lost, or where older ones stand further on
// as copies: at the end of a scan no hole is left but those of damage.
EntryPlace& GroupLog::slot(std::uint64_t index) {
    CHECK(index >= first());
    if (entries_.empty()) {
        base_ = index - 1;
    }
    while (index <= base_) {
        entries_.emplace_front();
        --base_;
    }
    while (last() < index) {
        entries_.emplace_back();
    }
    return entries_[index - base_ - 1];
}

void GroupLog::fill(EntryPlace& slot, const Record& record, Place at, std::size_t size,
                    PlaceObserver& observer) {
    release(slot, observer);
    slot = {record.term, at, static_cast<std::uint32_t>(size), nullptr};
    observer.placed(group_, at, size);
}

void GroupLog::release(EntryPlace& slot, PlaceObserver& observer) {
    if (slot.there()) {
        observer.released(group_, slot.at, slot.size);
    }
}

void GroupLog::put_entry(const Record& record, Place at, std::size_t size,
                         PlaceObserver& observer) {
    if (record.index < first()) {
        return;  // Cut meanwhile.
    }
    truncate(record.index, observer);
    fill(slot(record.index), record, at, size, observer);
}

void GroupLog::put_copy(const Record& record, Place at, std::size_t size, PlaceObserver& observer) {
    if (record.index < first()) {
        return;
    }
    EntryPlace& place = slot(record.index);
    if (!place.there() || place.term == record.term) {
        const auto cached = std::move(place.cached);
        fill(place, record, at, size, observer);
        place.cached = cached;
    }
}

void GroupLog::truncate(std::uint64_t from, PlaceObserver& observer) {
    while (!entries_.empty() && last() >= from) {
        release(entries_.back(), observer);
        entries_.pop_back();
    }
    if (entries_.empty() && from <= base_) {
        base_ = std::max(cut_.index, from == 0 ? 0 : from - 1);
    }
}

void GroupLog::cut_to(const Record& record, Place at, std::size_t size, PlaceObserver& observer) {
    const Cut cut{record.index, record.term};
    if (cut.index < cut_.index) {
        return;
    }
    replace(cut_placed_, cut, at, size, observer);
    cut_ = cut;
    cut_lost_ = false;
    while (!entries_.empty() && base_ < cut.index) {
        release(entries_.front(), observer);
        entries_.pop_front();
        ++base_;
    }
    if (entries_.empty()) {
        base_ = cut.index;
    }
}

void GroupLog::put_note(const Record& record, Place at, std::size_t size, PlaceObserver& observer) {
    Placed<base::Bytes>& note = notes_[record.index];
    replace(note, record.body, at, size, observer);
    notes_lost_.erase(record.index);
    // An empty one stays as long as its segment does, since an older one that is not empty may
    // stand before it: see free_segment().
}

template <class T>
void GroupLog::replace(Placed<T>& placed, T value, Place at, std::size_t size,
                       PlaceObserver& observer) {
    if (placed.size > 0) {
        observer.released(group_, placed.at, placed.size);
    }
    placed = {std::move(value), at, size};
    observer.placed(group_, at, size);
}

// ---- damage

void GroupLog::lose(const SummaryLine& line, Place block, PlaceObserver& observer) {
    switch (line.kind) {
        case RecordKind::kEntry:
        case RecordKind::kCopy:
            lose_entries(line, block, observer);
            break;
        case RecordKind::kTruncate:
            truncate(line.first, observer);  // Its index is all that it said.
            break;
        case RecordKind::kCut:
            cut_lost_ = true;
            break;
        case RecordKind::kHardState:
            hard_state_lost_ = true;
            break;
        case RecordKind::kNote:
            for (std::uint64_t number = line.first; number <= line.last; ++number) {
                notes_lost_.insert(number);
            }
            break;
        case RecordKind::kForget:
            CHECK(false, "a forgotten group has no log");
    }
}

// What stands there from before is not what was lost. What stands there from the same block came
// later, or beside it.
void GroupLog::lose_entries(const SummaryLine& line, Place block, PlaceObserver& observer) {
    if (line.last < first()) {
        return;
    }
    const bool replaces_what_follows = line.kind == RecordKind::kEntry;
    while (replaces_what_follows && !entries_.empty() && last() > line.last &&
           entries_.back().at < block) {
        release(entries_.back(), observer);
        entries_.pop_back();
    }
    for (std::uint64_t index = std::max(line.first, first()); index <= line.last; ++index) {
        EntryPlace& place = slot(index);
        if (place.at < block) {
            release(place, observer);
            place = {};
        }
    }
}

void GroupLog::lose_entry(std::uint64_t index, PlaceObserver& observer) {
    if (index >= first() && index > base_ && index <= last()) {
        EntryPlace& place = entries_[index - base_ - 1];
        release(place, observer);
        place = {};
    }
}

// ---- the cache

void GroupLog::cache(std::uint64_t index, std::shared_ptr<const base::Bytes> body) {
    CHECK(entry(index) != nullptr);
    entries_[index - base_ - 1].cached = std::move(body);
}

void GroupLog::uncache(std::uint64_t index, Place at) {
    if (const EntryPlace* const place = entry(index); place != nullptr && place->at == at) {
        entries_[index - base_ - 1].cached = nullptr;
    }
}

// ---- moving house

void GroupLog::release_all(PlaceObserver& observer) {
    truncate(0, observer);
    const auto drop = [&](const auto& placed) {
        if (placed.size > 0) {
            observer.released(group_, placed.at, placed.size);
        }
    };
    drop(cut_placed_);
    drop(hard_state_);
    for (const auto& [number, note] : notes_) {
        drop(note);
    }
}

Record GroupLog::cut_record() const {
    return {RecordKind::kCut, group_, cut_.index, cut_.term, {}};
}

Record GroupLog::hard_state_record() const {
    const HardState& state = hard_state_.value;
    return {RecordKind::kHardState, group_, 0, state.term, encode_hard_state(state)};
}

std::vector<GroupLog::Live> GroupLog::live_in(std::uint64_t segment) const {
    std::vector<Live> live;
    if (cut_placed_.size > 0 && cut_placed_.at.segment == segment) {
        live.push_back({cut_record(), cut_placed_.at});
    }
    if (hard_state_.size > 0 && hard_state_.at.segment == segment) {
        live.push_back({hard_state_record(), hard_state_.at});
    }
    for (const auto& [number, note] : notes_) {
        if (note.at.segment == segment && !note.value.empty()) {
            live.push_back({{RecordKind::kNote, group_, number, 0, note.value}, note.at});
        }
    }
    for (std::uint64_t index = base_ + 1; index <= last(); ++index) {
        const EntryPlace* const place = entry(index);
        if (place->there() && place->at.segment == segment) {
            live.push_back(
                {{RecordKind::kCopy, group_, index, place->term, {}}, place->at, place->size});
        }
    }
    return live;
}

void GroupLog::free_segment(std::uint64_t segment, PlaceObserver& observer) {
    std::erase_if(notes_, [&](const auto& note) {
        const bool goes = note.second.value.empty() && note.second.at.segment == segment;
        if (goes) {
            observer.released(group_, note.second.at, note.second.size);
        }
        return goes;
    });
}

bool GroupLog::is_live(const Live& live) const {
    switch (live.record.kind) {
        case RecordKind::kCut:
            return cut_placed_.at == live.at;
        case RecordKind::kHardState:
            return hard_state_.at == live.at;
        case RecordKind::kNote: {
            const auto note = notes_.find(live.record.index);
            return note != notes_.end() && note->second.at == live.at;
        }
        case RecordKind::kCopy: {
            const EntryPlace* const place = entry(live.record.index);
            return place != nullptr && place->there() && place->at == live.at;
        }
        default:
            return false;
    }
}

}  // namespace distkv::storage_log
