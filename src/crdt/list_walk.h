// Walking over the elements of a list that show. Private to the list.
#pragma once

#include <cstdint>
#include <optional>

#include "crdt/liveness.h"

namespace distkv::crdt {

class ListWalk {
public:
    explicit ListWalk(const KeyState& state)
        : header_(header_of(state)), rest_(state.all(Tag::kListItem)) {}

    // The next element from the front, or from the back, that neither call has given yet; null: no
    // more. The cell is the one whose value shows.
    const Effect* next() { return step(true); }
    const Effect* previous() { return step(false); }

private:
    const Effect* step(bool forwards);

    Header header_;
    KeyState::Group rest_;
};

// The elements around a place; null: there is none on that side.
struct Neighbours {
    const Effect* left = nullptr;
    const Effect* right = nullptr;
};

// Behind the first `count` elements, or before the last `count`; nothing when there are fewer.
std::optional<Neighbours> behind_first(const KeyState& state, std::uint64_t count);
std::optional<Neighbours> before_last(const KeyState& state, std::uint64_t count);

// The element of an index, and those around it.
struct Found {
    const Effect* element = nullptr;
    Neighbours around;
};
std::optional<Found> find_element(const KeyState& state, std::int64_t index);

}  // namespace distkv::crdt
