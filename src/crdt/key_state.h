// The cells of one key that are in memory: all of them, or those that a command needs. Sorted as
// fields are, so that the cells of one element stand side by side.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "crdt/cell.h"
#include "crdt/summary.h"

namespace distkv::crdt {

class KeyState {
public:
    using Group = std::span<const Effect>;

    // Null when there is no such cell, or it was not loaded.
    [[nodiscard]] const Cell* find(Tag tag, base::ByteView element,
                                   const model::Origin& owner) const;
    [[nodiscard]] const Cell* find(const Field& field) const {
        return find(field.tag, field.element, field.owner);
    }
    [[nodiscard]] Cell* find(const Field& field) {
        return const_cast<Cell*>(std::as_const(*this).find(field));
    }

    // The cells of one element, owners ascending.
    [[nodiscard]] Group group(Tag tag, base::ByteView element = {}) const;
    // Those of all elements.
    [[nodiscard]] Group all(Tag tag) const;
    [[nodiscard]] Group all() const { return cells_; }

    // Calls the function once for each element under the tag, in order, with its cells.
    void for_each_group(Tag tag, const std::function<void(Group)>& each) const;

    // In the place of the cell of that field. Use merge() for what came from elsewhere.
    void put(Effect effect);
    void erase(const Field& field);

    [[nodiscard]] bool empty() const { return cells_.empty(); }

    // How many elements show. Right for a part of a key too, if it was loaded with it.
    Summary summary;

    // Every cell of the key is here. A merge that must count anew asks for that.
    bool whole = true;

    bool operator==(const KeyState&) const = default;

private:
    std::vector<Effect> cells_;
};

// The run of cells of one element that `cells` begins with.
KeyState::Group first_group(KeyState::Group cells);

}  // namespace distkv::crdt
