#include "crdt/key_state.h"

#include <algorithm>
#include <compare>
#include <utility>

namespace distkv::crdt {

namespace {

struct Place {
    Tag tag;
    base::ByteView element;
    const model::Origin* owner;  // Null: before or behind all of them.
};

std::strong_ordering compare(const Effect& cell, const Place& place) {
    if (const auto order = cell.field.tag <=> place.tag; order != nullptr) {
        return order;
    }
    return base::ByteView(cell.field.element) <=> place.element;
}

bool below(const Effect& cell, const Place& place) {
    const auto order = compare(cell, place);
    return order < 0 || (order == 0 && place.owner != nullptr && cell.field.owner < *place.owner);
}

template <class Cells>
auto lower_bound(Cells& cells, const Place& place) {
    // Most keys are one or two cells, and most of what is loaded comes in order.
    if (cells.empty() || below(cells.back(), place)) {
        return cells.end();
    }
    return std::lower_bound(cells.begin(), cells.end(), place, below);
}

}  // namespace

const Cell* KeyState::find(Tag tag, base::ByteView element, const model::Origin& owner) const {
    const Place place{tag, element, &owner};
    const auto at = lower_bound(cells_, place);
    return at != cells_.end() && compare(*at, place) == 0 && at->field.owner == owner ? &at->cell
                                                                                      : nullptr;
}

KeyState::Group KeyState::group(Tag tag, base::ByteView element) const {
    const Place place{tag, element, nullptr};
    const auto first = lower_bound(cells_, place);
    auto last = first;
    while (last != cells_.end() && compare(*last, place) == 0) {
        ++last;
    }
    return {first, last};
}

KeyState::Group KeyState::all(Tag tag) const {
    const auto first = lower_bound(cells_, {tag, {}, nullptr});
    const auto last = std::partition_point(
        first, cells_.end(), [&](const Effect& cell) { return cell.field.tag == tag; });
    return {first, last};
}

KeyState::Group first_group(KeyState::Group cells) {
    std::size_t size = 0;
    while (size < cells.size() && cells[size].field.tag == cells[0].field.tag &&
           cells[size].field.element == cells[0].field.element) {
        ++size;
    }
    return cells.first(size);
}

void KeyState::for_each_group(Tag tag, const std::function<void(Group)>& each) const {
    for (Group left = all(tag); !left.empty();) {
        const Group group = first_group(left);
        each(group);
        left = left.subspan(group.size());
    }
}

void KeyState::put(Effect effect) {
    const auto at =
        lower_bound(cells_, {effect.field.tag, effect.field.element, &effect.field.owner});
    if (at != cells_.end() && at->field == effect.field) {
        at->cell = std::move(effect.cell);
    } else {
        cells_.insert(at, std::move(effect));
    }
}

void KeyState::erase(const Field& field) {
    const auto at = lower_bound(cells_, {field.tag, field.element, &field.owner});
    if (at != cells_.end() && at->field == field) {
        cells_.erase(at);
    }
}

}  // namespace distkv::crdt
