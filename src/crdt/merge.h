// Merging an effect, and what a rule dropped on the way; deleting what no reader can need any more;
// taking a region back that was declared dead.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crdt/liveness.h"

namespace distkv::crdt {

enum class Rule : std::uint8_t {
    kLastWriter,   // Of concurrent values the one with the greatest dot shows.
    kRemoveWins,   // A concurrent removal hides the member.
    kGreaterType,  // Of concurrent types the greater one shows.
};
std::string_view name_of(Rule rule);

// For the conflict log: a value that nobody replaced knowingly and that does not show. Merging an
// effect again may say it again; the two dots name the pair.
struct Dropped {
    Rule rule;
    Field field;
    Cell loser;
    model::Dot winner;

    bool operator==(const Dropped&) const = default;
};

struct Merged {
    bool changed = false;
    std::vector<Dropped> dropped;
};

// kCorrupt unless the cell makes sense for its field: to be asked once, when bytes come in.
base::Result<void> check_cell(const Field& field, const Cell& cell);

// Whether merging this effect needs every cell of the key: it clears, and there may be cells that
// it does not cover. Otherwise the core and the cells of the effect's element do.
bool needs_whole_key(const KeyState& state, const Effect& effect);

// Keeps the summary right. Any order, any repetition comes to the same state. What is to be stored
// is the cell that is then in the state: it also knows what earlier versions of it knew.
Merged merge(KeyState& state, const Effect& effect);

// The cells of the element that begin at `group` which may be deleted, because they show nothing
// and will never matter again. `settled` promises: every effect that it covers has arrived
// everywhere, and whatever arrives from now on was written by somebody who had seen it.
//
// While a region is declared dead: for amounts (is_amount()) `settled` must not cover its origins.
// What it added there unseen is known only as a difference to what was seen.
std::vector<Field> garbage(KeyState::Group group, const Header& header,
                           const model::VersionVector& settled);

// Header cells that may go once everything that they cover is gone: nothing in `state` is covered.
std::vector<Field> header_garbage(const KeyState& state, const model::VersionVector& settled);

// A region that was declared dead comes back with `returning`. Collection did not wait for it, so
// what it still has and the survivors have not, though they saw it once, was deleted meanwhile.
// Everything else is merged as usual, after two things. The survivors have brought each other to
// one state and have collected all that is settled: what it wrote alone has not seen that, and
// would meet a removal in one survivor that is gone in another. And `settled` begins anew.
std::vector<Field> deleted_meanwhile(const KeyState& returning, const KeyState& survivors,
                                     const model::VersionVector& survivors_seen);

// The logical content, for checksums: what shows or may show again, whatever has been collected.
// False: nothing does, as if there were no such key.
bool digest(const KeyState& state, base::Encoder& out);

}  // namespace distkv::crdt
