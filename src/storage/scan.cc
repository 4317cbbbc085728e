#include "storage/scan.h"

#include <utility>

#include "base/check.h"
#include "crdt/liveness.h"
#include "storage/version_walk.h"

namespace distkv::storage {

using base::Bytes;
using base::ByteView;
using base::Result;
using crdt::Tag;
using Place = VersionWalk::Place;

namespace {

// The core of the key that the walk has come to, and how the walk stands afterwards.
Result<Place> read_core(VersionWalk& walk, Place place, ByteView key, crdt::KeyState& state) {
    while (place != Place::kEnd && place != Place::kWouldBlock && walk.raw_key().starts_with(key)) {
        const VersionKey at = TRY(walk.key());
        if (place == Place::kAtSummary) {
            state.summary = TRY(crdt::decode_summary(walk.raw_value()));
        } else if (crdt::has_element(at.field.tag)) {
            return place;
        } else {
            state.put(TRY(decode_effect(at, walk.raw_value())));
        }
        place = TRY(walk.next());
    }
    return place;
}

}  // namespace

Result<Page<ScannedKey>> scan_keys(Engine& engine, const Range& range, time::Hlc now,
                                   const PageLimit& limit, const Snapshot* at) {
    Page<ScannedKey> page;
    auto walk = TRY(VersionWalk::over(engine, range, at, nullptr));
    Place place = TRY(walk.seek(range.from));
    Bytes key(range.from);
    for (std::size_t looked = 0; place != Place::kEnd && place != Place::kWouldBlock; ++looked) {
        const Bytes prefix(walk.raw_key().substr(0, TRY(extents_of(walk.raw_key())).key));
        key = prefix;
        if (looked == limit.looked_at || page.items.size() == limit.items) {
            page.next = std::move(key);
            return page;
        }
        const VersionKey name = TRY(walk.key());
        crdt::KeyState state;
        state.whole = false;
        place = TRY(read_core(walk, place, prefix, state));
        if (place == Place::kWouldBlock) {
            break;  // The whole key again, later.
        }
        const crdt::Type type = crdt::type_at(state, {});
        if (type != crdt::Type::kNone) {
            const bool expired = crdt::header_of(state).expired(now);
            page.items.push_back({name.name, type, expired});
        }
        key = behind(prefix);
        if (place != Place::kEnd && walk.raw_key().starts_with(prefix)) {
            place = TRY(walk.next_key());
        }
    }
    if (place == Place::kWouldBlock) {
        page.next = std::move(key);
        page.missing = walk.missing();
    }
    return page;
}

Result<Page<crdt::KeyState>> scan_elements(Engine& engine, const model::KeyName& name, Tag tag,
                                           ByteView from, const PageLimit& limit,
                                           const Snapshot* at) {
    CHECK(crdt::has_element(tag));
    const Bytes prefix = tag_prefix(name, tag);
    Page<crdt::KeyState> page;
    auto values = TRY(VersionWalk::over(engine, everything_below(prefix), at, nullptr));
    const auto amount_tag = crdt::amount_tag(tag);
    const Bytes amount_prefix = tag_prefix(name, amount_tag.value_or(tag));
    auto amounts = TRY(VersionWalk::over(engine, everything_below(amount_prefix), at, nullptr));
    Place value = TRY(values.seek(element_prefix(name, tag, from)));
    Place amount = Place::kEnd;
    if (amount_tag) {
        amount = TRY(amounts.seek(element_prefix(name, *amount_tag, from)));
    }
    Bytes element(from);
    // Both run side by side: an element may have what was set, what was added, or both.
    while (value == Place::kAtCell || amount == Place::kAtCell) {
        if (value == Place::kWouldBlock || amount == Place::kWouldBlock) {
            break;
        }
        std::optional<VersionKey> left;
        std::optional<VersionKey> right;
        if (value == Place::kAtCell) {
            left = TRY(values.key());
        }
        if (amount == Place::kAtCell) {
            right = TRY(amounts.key());
        }
        element = !right || (left && left->field.element <= right->field.element)
                      ? left->field.element
                      : right->field.element;
        if (page.items.size() == limit.items) {
            page.next = std::move(element);
            return page;
        }
        crdt::KeyState state;
        state.whole = false;
        while (value == Place::kAtCell) {
            const VersionKey here = TRY(values.key());
            if (here.field.element != element) {
                break;
            }
            state.put(TRY(decode_effect(here, values.raw_value())));
            value = TRY(values.next());
        }
        while (amount == Place::kAtCell) {
            const VersionKey here = TRY(amounts.key());
            if (here.field.element != element) {
                break;
            }
            state.put(TRY(decode_effect(here, amounts.raw_value())));
            amount = TRY(amounts.next());
        }
        if (value == Place::kWouldBlock || amount == Place::kWouldBlock) {
            break;  // This element again, later.
        }
        page.items.push_back(std::move(state));
    }
    if (value == Place::kWouldBlock || amount == Place::kWouldBlock) {
        page.next = std::move(element);
        page.missing = value == Place::kWouldBlock ? values.missing() : amounts.missing();
    }
    return page;
}

Result<Page<crdt::Effect>> history(Engine& engine, const model::KeyName& name, ByteView from,
                                   const PageLimit& limit, const Snapshot* at) {
    Page<crdt::Effect> page;
    Range range = everything_below(key_prefix(name));
    if (!from.empty()) {
        CHECK(from >= range.from && from < range.until);
        range.from = Bytes(from);
    }
    const auto cursor = TRY(engine.cursor(range, at));
    Bytes wanted = range.from;
    Cursor::Place place = TRY(cursor->seek(wanted));
    while (place == Cursor::Place::kAtKey) {
        wanted = Bytes(cursor->key());
        if (page.items.size() == limit.items) {
            page.next = std::move(wanted);
            return page;
        }
        VersionKey key = TRY(decode_version_key(wanted));
        if (!key.is_summary() && key.section == Section::kVersion) {
            page.items.push_back(TRY(decode_effect(std::move(key), cursor->value())));
        }
        wanted += '\0';
        place = TRY(cursor->next());
    }
    if (place == Cursor::Place::kWouldBlock) {
        page.missing = {wanted, range.until};
        page.next = std::move(wanted);
    }
    return page;
}

}  // namespace distkv::storage
