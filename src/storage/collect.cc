#include "storage/collect.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/mutant.h"
#include "crdt/merge.h"
#include "storage/version_walk.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using base::Result;
using crdt::KeyState;
using model::VersionVector;

namespace {

// The rows of one key, element by element, newest version of a cell first.
class KeySweep {
public:
    KeySweep(Bytes prefix, const VersionVector& limit, CollectStep& step)
        : prefix_(std::move(prefix)), limit_(limit), step_(step) {}

    [[nodiscard]] bool holds(ByteView raw) const { return raw.starts_with(prefix_); }

    // Whether a row of this field belongs to the element at hand.
    [[nodiscard]] bool continues(const crdt::Field& field) const {
        return cells_.empty() || (cells_.front().field.tag == field.tag &&
                                  cells_.front().field.element == field.element);
    }

    Result<void> row(VersionKey key, ByteView raw, ByteView value) {
        if (key.is_summary()) {
            summary_ = true;
            return {};
        }
        if (key.section == Section::kIntent) {
            busy_ = intents_ = true;  // Somebody is about to write: later.
            return {};
        }
        if (cells_.empty() || cells_.back().field != key.field) {
            cells_.push_back({key.field, {}});
        }
        CellRows& cell = cells_.back();
        if (!limit_.covers(key.dot)) {
            // What is above the limit may build on what is below: nothing of the element goes yet.
            busy_ = true;
            return {};
        }
        if (!cell.base.empty()) {
            if (!MUTANT(collect_keeps_what_a_tombstone_hid)) {
                remove(Bytes(raw));
            }
            return {};
        }
        cell.base = Bytes(raw);
        at_limit_.put(TRY(decode_effect(std::move(key), value)));
        return {};
    }

    // All rows of an element were seen. Of the header nothing goes before the rest has been seen.
    void end_element() {
        if (!cells_.empty() && cells_.front().field.tag == crdt::Tag::kHeader) {
            header_cells_ = std::move(at_limit_);
            header_rows_ = std::move(cells_);
            header_ = crdt::header_of(header_cells_);
            header_busy_ = busy_;
        } else if (!cells_.empty()) {
            drop_garbage();
        }
        at_limit_ = {};
        cells_.clear();
        busy_ = false;
    }

    void end_key(bool covered_stay) {
        covered_stay_ |= covered_stay;
        if (intents_) {
            return;
        }
        if (!covered_stay_ && !header_busy_) {
            for (const crdt::Field& field : crdt::header_garbage(header_cells_, limit_)) {
                drop(header_rows_, field);
                header_cells_.erase(field);
            }
        }
        // A key of which nothing but a register is left needs no summary. (Only one that was seen
        // in one step: between two, something may have been written where the first had passed.)
        if (summary_ && !more_stays_ && !header_busy_ && header_cells_.empty()) {
            step_.batch.remove(prefix_ + static_cast<char>(crdt::Tag::kSummary));
            touch();
        }
    }

    [[nodiscard]] CollectFrom here(Bytes at) const {
        return {std::move(at), prefix_.size(), covered_stay_};
    }

private:
    struct CellRows {
        crdt::Field field;
        Bytes base;  // The newest version that the limit covers.
    };

    void drop_garbage() {
        const KeyState::Group group = at_limit_.all();
        const auto gone =
            busy_ ? std::vector<crdt::Field>() : crdt::garbage(group, header_, limit_);
        for (const crdt::Effect& cell : group) {
            if (std::ranges::find(gone, cell.field) != gone.end()) {
                drop(cells_, cell.field);
            } else {
                covered_stay_ |= header_.cleared.covers(cell.cell.dot);
            }
        }
        // A cell of siblings may live while the header hides some of its values.
        covered_stay_ |= !cells_.empty() && cells_.front().field.tag == crdt::Tag::kSiblings &&
                         gone.size() < cells_.size();
        more_stays_ |=
            gone.size() < cells_.size() && cells_.front().field.tag != crdt::Tag::kRegister;
    }

    void drop(std::vector<CellRows>& cells, const crdt::Field& field) {
        remove(std::move(std::ranges::find(cells, field, &CellRows::field)->base));
        touch();
    }

    void touch() {
        if (step_.keys.empty() || step_.keys.back() != prefix_) {
            step_.keys.push_back(prefix_);
        }
    }

    void remove(Bytes name) {
        step_.batch.remove(std::move(name));
        ++step_.versions_removed;
    }

    Bytes prefix_;
    const VersionVector& limit_;
    CollectStep& step_;

    KeyState at_limit_;  // Base versions of the element at hand.
    std::vector<CellRows> cells_;
    bool busy_ = false;

    KeyState header_cells_;
    std::vector<CellRows> header_rows_;
    crdt::Header header_;
    bool header_busy_ = false;

    bool covered_stay_ = false;
    bool more_stays_ = false;
    bool intents_ = false;
    bool summary_ = false;
};

// One step: the walk over rows.
class Collecting {
public:
    Collecting(std::unique_ptr<Cursor> cursor, const CollectFrom& from, const VersionVector& limit)
        : cursor_(std::move(cursor)), from_(from), limit_(limit) {}

    Result<CollectStep> run(std::size_t rows_max) {
        Cursor::Place place = Cursor::Place::kAtKey;
        if (from_.key_bytes > 0) {
            place = TRY(reread_header());
        }
        if (place == Cursor::Place::kAtKey) {
            element_ = from_.at;
            place = TRY(seek(from_.at));
        }
        while (place == Cursor::Place::kAtKey) {
            VersionKey key = TRY(decode_version_key(cursor_->key()));
            const bool same_key = sweep_ && sweep_->holds(cursor_->key());
            if (!same_key || !sweep_->continues(key.field)) {
                if (TRY(turn(key, same_key, step_.rows_seen >= rows_max))) {
                    return std::move(step_);
                }
            }
            TRY(sweep_->row(std::move(key), cursor_->key(), cursor_->value()));
            ++step_.rows_seen;
            wanted_ = Bytes(cursor_->key()) + '\0';
            place = TRY(cursor_->next());
        }
        if (place == Cursor::Place::kWouldBlock) {
            step_.missing = {wanted_, {}};
            step_.next = sweep_ && sweep_->holds(element_) ? joined(sweep_->here(element_)) : from_;
        } else if (sweep_) {
            end_key();
        }
        return std::move(step_);
    }

private:
    Result<Cursor::Place> seek(ByteView target) {
        wanted_ = Bytes(target);
        return cursor_->seek(wanted_);
    }

    Result<Cursor::Place> reread_header() {
        const Bytes prefix = from_.at.substr(0, from_.key_bytes);
        const Bytes header = prefix + static_cast<char>(crdt::Tag::kHeader);
        sweep_.emplace(prefix, limit_, step_);
        Cursor::Place place = TRY(seek(header));
        while (place == Cursor::Place::kAtKey && cursor_->key().starts_with(header)) {
            TRY(sweep_->row(TRY(decode_version_key(cursor_->key())), cursor_->key(),
                            cursor_->value()));
            place = TRY(cursor_->next());
        }
        sweep_->end_element();
        return place == Cursor::Place::kEnd ? Cursor::Place::kAtKey : place;
    }

    // At the first row of another element or key. True: the step has done enough. It then ends
    // before all that the element or the key may have: until the next step something may be written
    // before what is there now.
    Result<bool> turn(const VersionKey& at, bool same_key, bool enough) {
        element_ = element_prefix(at.name, at.field.tag, at.field.element);
        if (same_key) {
            sweep_->end_element();
            if (enough) {
                step_.next = joined(sweep_->here(element_));
            }
            return enough;
        }
        if (sweep_) {
            end_key();
        }
        if (enough) {
            step_.next = CollectFrom{.at = key_prefix(at.name)};
            return true;
        }
        sweep_.emplace(key_prefix(at.name), limit_, step_);
        return false;
    }

    void end_key() {
        sweep_->end_element();
        const bool continued = from_.key_bytes > 0 && sweep_->holds(from_.at);
        sweep_->end_key(continued && from_.covered_stay);
        sweep_.reset();
    }

    CollectFrom joined(CollectFrom here) const {
        if (from_.key_bytes > 0 && sweep_->holds(from_.at)) {
            here.covered_stay |= from_.covered_stay;
        }
        return here;
    }

    std::unique_ptr<Cursor> cursor_;
    const CollectFrom& from_;
    const VersionVector& limit_;
    std::optional<KeySweep> sweep_;
    CollectStep step_;
    Bytes element_;  // Where the element at hand begins.
    Bytes wanted_;
};

}  // namespace

Result<CollectStep> collect(Engine& engine, const CollectFrom& from, ByteView until,
                            const VersionVector& limit, std::size_t rows_max) {
    Range range{.from = from.at, .until = Bytes(until)};
    if (from.key_bytes > 0) {
        range.from.resize(from.key_bytes);
    }
    return Collecting(TRY(engine.cursor(std::move(range), nullptr)), from, limit).run(rows_max);
}

}  // namespace distkv::storage
