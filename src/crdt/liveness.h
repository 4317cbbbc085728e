// How readers join the cells of one element. A cell is covered when another cell of its element, or
// the header, says that it was seen and replaced. What shows is made of the cells that are not.
#pragma once

#include <cstdint>
#include <optional>

#include "crdt/header.h"
#include "crdt/key_state.h"

namespace distkv::crdt {

bool is_covered(const Effect& cell, KeyState::Group group, const Header& header);

// A value that nobody who saw it has replaced or removed. There may be several: they are
// concurrent.
bool lives(const Effect& cell, KeyState::Group group, const Header& header);

// The living value with the greatest dot; null: none lives.
const Effect* winner(KeyState::Group group, const Header& header);

// What all amounts of the group come to that nobody has absorbed. Whole parts are summed without
// overflow and cut to 64 bits; reals are summed in the order of their origins.
struct Sum {
    bool any = false;  // Somebody added something since it was last absorbed, if only zero.
    Amount amount;
};
// Added to `base`, of which the sum may be cut and the parts may not.
Sum sum_of(KeyState::Group amounts, const Header& header, std::int64_t base = 0);

// Of one cell of the group; nothing when all of it was absorbed. (What the header clears is
// absorbed as well, so that an amount that grew meanwhile keeps the part that nobody saw.)
std::optional<Amount> unabsorbed(const Effect& cell, KeyState::Group amounts, const Header& header);

// Whether the element shows, given all its cells of the tag that counts it (counting_tag()).
bool shows(KeyState::Group group, const Header& header);

// Whether the element shows in the state: amounts included, which live under a tag of their own.
bool shows(const KeyState& state, Tag tag, base::ByteView element, const Header& header);

bool string_shows(const KeyState& state, const Header& header);

// What people see of the key at that moment; kNone: there is no such key.
Type type_at(const KeyState& state, time::Hlc now);

// Counts the living elements of a whole state.
Summary summarize(const KeyState& state);

// The tag of what was set for a tag of what was added, and the other way round.
Tag value_tag(Tag tag);
std::optional<Tag> amount_tag(Tag tag);

}  // namespace distkv::crdt
