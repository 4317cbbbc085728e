#include "crdt/merge.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/mutant.h"
#include "crdt/escrow_row.h"
#include "crdt/position.h"
#include "crdt/sibling_values.h"
#include "crdt/sketch.h"

namespace distkv::crdt {

using Group = KeyState::Group;

std::string_view name_of(Rule rule) {
    switch (rule) {
        case Rule::kLastWriter:
            return "last-writer";
        case Rule::kRemoveWins:
            return "remove-wins";
        case Rule::kGreaterType:
            return "greater-type";
    }
    CHECK(false, "a rule that has no name");
}

namespace {

// What only some types can read.
base::Result<void> check_contents(const Field& field, const Cell& cell) {
    if (field.tag == Tag::kListItem) {
        TRY(decode_position(field.element));
    }
    if (field.tag == Tag::kHeader && !cell.value.empty()) {
        TRY(decode_setting(cell.value));
    }
    if (cell.kind != Kind::kValue) {
        return {};
    }
    switch (field.tag) {
        case Tag::kSiblings:
            TRY(decode_siblings(cell));
            return {};
        case Tag::kEscrow:
            TRY(decode_row(cell.value));
            return {};
        case Tag::kSketch:
            TRY(Sketch::decode(cell.value));
            return {};
        default:
            return {};
    }
}

}  // namespace

base::Result<void> check_cell(const Field& field, const Cell& cell) {
    const auto bad = [&](std::string_view what) {
        return base::fail(base::Errc::kCorrupt, "a cell under tag " +
                                                    std::to_string(static_cast<int>(field.tag)) +
                                                    ": " + std::string(what));
    };
    if (!is_known(field.tag) || field.tag == Tag::kSummary) {
        return bad("no cell has that tag");
    }
    if (!field.element.empty() && !has_element(field.tag)) {
        return bad("it has no elements");
    }
    if (field.owner != (is_shared(field.tag) ? model::Origin{} : cell.dot.origin)) {
        return bad("written by another than its owner");
    }
    if (cell.dot.hlc == time::Hlc{}) {
        return bad("without a stamp");
    }
    if (is_amount(field.tag) != (cell.kind == Kind::kAmount)) {
        return bad("of the wrong kind");
    }
    return check_contents(field, cell);
}

namespace {

bool clears_more(const KeyState& state, const Effect& header) {
    return !header.cell.clears.empty() && !header_of(state).cleared.covers(header.cell.clears);
}

}  // namespace

bool needs_whole_key(const KeyState& state, const Effect& effect) {
    return effect.field.tag == Tag::kHeader && !state.summary.nothing_lives() &&
           clears_more(state, effect) && !effect.cell.clears.covers(state.summary.written);
}

namespace {

struct Put {
    bool changed = false;
    bool newer = false;
    std::optional<Cell> gone;  // Of a shared cell: it may have been dropped.
};

// The greater dot stays, and keeps what the other knew of third cells. Its writer knew that too;
// but where it has collected them, it no longer said so, while a reader may still hold them.
void keep_knowledge(Cell& stays, const Cell& goes) {
    stays.clears.join(goes.clears);
    join(stays.absorbed, goes.absorbed);
}

Put put_if_newer(KeyState& state, const Effect& effect) {
    Cell* const before = state.find(effect.field);
    if (before == nullptr) {
        state.put(effect);
        return {.changed = true, .newer = true};
    }
    if (before->dot == effect.cell.dot) {
        return {};
    }
    if (before->dot < effect.cell.dot || MUTANT(crdt_last_arrival_wins)) {
        const bool knows_all =
            before->absorbed.empty() && effect.cell.clears.covers(before->clears);
        if (knows_all && !is_shared(effect.field.tag)) {
            *before = effect.cell;  // In place: the memory of its maps is used again.
            return {.changed = true, .newer = true};
        }
        Cell gone = std::exchange(*before, effect.cell);
        keep_knowledge(*before, gone);
        if (is_shared(effect.field.tag)) {
            return {.changed = true, .newer = true, .gone = std::move(gone)};
        }
        return {.changed = true, .newer = true};
    }
    const bool more = !before->clears.covers(effect.cell.clears) || !effect.cell.absorbed.empty();
    keep_knowledge(*before, effect.cell);
    return {.changed = more};
}

bool knew(const Cell& writer, const model::Dot& dot) {
    return writer.clears.covers(dot) ||
           (writer.dot.origin == dot.origin && dot.hlc <= writer.dot.hlc);
}

// Two versions of a shared cell, of which one stays.
void judge_shared(const Field& field, const Cell& stays, const Cell& goes, Merged& merged) {
    if (goes.kind == Kind::kValue && !knew(stays, goes.dot)) {
        merged.dropped.push_back({Rule::kLastWriter, field, goes, stays.dot});
    }
}

// Of concurrent values of one element, the one that shows beats the others.
void judge_last_writer(Group group, const Header& header, const Effect& effect, Merged& merged) {
    const Effect* const best = winner(group, header);
    for (const Effect& cell : group) {
        if (&cell == best || !lives(cell, group, header)) {
            continue;
        }
        if (cell.field == effect.field ||
            best->field == effect.field) {  // Else it was said before.
            merged.dropped.push_back({Rule::kLastWriter, cell.field, cell.cell, best->cell.dot});
        }
    }
}

void judge_strict(Group group, const Header& header, const Effect& effect, Merged& merged) {
    const Effect* removal = nullptr;
    for (const Effect& cell : group) {
        if (cell.cell.kind == Kind::kGone && !is_covered(cell, group, header)) {
            removal = &cell;
        }
    }
    for (const Effect& cell : group) {
        if (removal != nullptr && lives(cell, group, header) &&
            (cell.field == effect.field || removal->field == effect.field)) {
            merged.dropped.push_back({Rule::kRemoveWins, cell.field, cell.cell, removal->cell.dot});
        }
    }
}

void judge_group(Group group, const Header& header, const Effect& effect, Merged& merged) {
    const Tag tag = effect.field.tag;
    if (group.size() > 1 && (tag == Tag::kMapField || tag == Tag::kScore)) {
        judge_last_writer(group, header, effect, merged);
    } else if (group.size() > 1 && tag == Tag::kStrictMember) {
        judge_strict(group, header, effect, merged);
    }
}

Type greatest(const KeyState& state, const Header& header) {
    for (std::size_t type = kTypes; type-- > 0;) {
        if (state.summary.live[type] > 0) {
            return static_cast<Type>(type);
        }
    }
    return string_shows(state, header) ? Type::kString : Type::kNone;
}

bool type_lives(const KeyState& state, Type type, const Header& header) {
    return type == Type::kString ? string_shows(state, header) : state.summary.of(type) > 0;
}

// A type that does not show, because the key has a greater one: the type that showed until now, or
// the one that has just come.
void judge_type(const KeyState& state, const Header& header, const Effect& effect, Type before,
                Merged& merged) {
    const Type now = greatest(state, header);
    const Type came = type_of(effect.field.tag);
    if (before != now && before != Type::kNone && type_lives(state, before, header)) {
        const Field field{.tag = tag_of(before)};
        const Cell* const cell = state.find(field);
        merged.dropped.push_back(
            {Rule::kGreaterType, field, cell != nullptr ? *cell : Cell{}, effect.cell.dot});
    } else if (came != now && effect.cell.kind != Kind::kGone &&
               shows(state, effect.field.tag, effect.field.element, header)) {
        merged.dropped.push_back({Rule::kGreaterType, effect.field, effect.cell, {}});
    }
}

Merged merge_header(KeyState& state, const Effect& effect) {
    const bool count = needs_whole_key(state, effect);
    CHECK(!count || state.whole, "to count anew takes every cell of the key");
    const bool clears = clears_more(state, effect);
    const bool changed = put_if_newer(state, effect).changed;
    state.summary.uncounted = true;
    if (changed && count) {
        state.summary.live = summarize(state).live;
    } else if (changed && clears) {
        state.summary.live = {};
    }
    return {.changed = changed};
}

}  // namespace

Merged merge(KeyState& state, const Effect& effect) {
    const auto& [tag, element, owner] = effect.field;
    if (tag == Tag::kHeader) {
        return merge_header(state, effect);
    }
    const Header header = header_of(state);
    const bool counted = type_of(tag) != Type::kString;
    const bool shown = counted && shows(state, tag, element, header);
    const Type type_before = greatest(state, header);
    Merged merged;
    const Put put = put_if_newer(state, effect);
    merged.changed = put.changed;
    if (put.gone) {
        judge_shared(effect.field, effect.cell, *put.gone, merged);
    } else if (is_shared(tag) && !put.newer) {
        judge_shared(effect.field, *std::as_const(state).find(effect.field), effect.cell, merged);
    }
    if (!put.changed) {
        return merged;
    }
    state.summary.uncounted = state.summary.uncounted || tag == Tag::kCount;
    if (counted) {
        state.summary.written.raise(effect.cell.dot);
        auto& live = state.summary.live[static_cast<std::size_t>(type_of(tag))];
        const bool shows_now = shows(state, tag, element, header);
        live += (shows_now ? 1 : 0) - (shown ? 1 : 0);
        judge_group(state.group(tag, element), header, effect, merged);
    }
    judge_type(state, header, effect, type_before, merged);
    return merged;
}

namespace {

bool same_siblings(Group one, Group other, const Header& header) {
    const auto first = living_siblings(one, header);
    const auto second = living_siblings(other, header);
    return first && second && *first == *second;
}

// Whether nothing changes for those that stay when the others go.
bool same_without(Group group, const std::vector<Field>& going, const Header& header) {
    std::vector<Effect> rest;
    for (const Effect& cell : group) {
        if (std::ranges::find(going, cell.field) == going.end()) {
            rest.push_back(cell);
        }
    }
    std::size_t at = 0;
    for (const Effect& cell : group) {
        if (at < rest.size() && rest[at].field == cell.field) {
            if (is_covered(cell, group, header) != is_covered(rest[at], rest, header) ||
                unabsorbed(cell, group, header) != unabsorbed(rest[at], rest, header)) {
                return false;
            }
            ++at;
        }
    }
    // A cell that stays may hold values that one which goes hides.
    if (group.front().field.tag == Tag::kSiblings && !same_siblings(group, rest, header) &&
        !MUTANT(crdt_forgets_hidden_siblings)) {
        return false;
    }
    return shows(group, header) == shows(rest, header);
}

}  // namespace

std::vector<Field> garbage(Group group, const Header& header, const model::VersionVector& settled) {
    const auto is_settled = [&](const Effect& cell) {
        return settled.covers(cell.cell.dot) && settled.covers(cell.cell.clears);
    };
    std::vector<Field> going;
    // Amounts hold what they absorbed of each other, and a removal hides what it did not see: when
    // the element does not show, they go together, else nothing but what is covered.
    const bool all = !shows(group, header) && std::ranges::all_of(group, is_settled);
    for (const Effect& cell : group) {
        const bool strict = cell.field.tag == Tag::kStrictMember;
        const bool gone = cell.cell.kind == Kind::kGone && !strict;
        const bool dead = !is_amount(cell.field.tag) && (gone || is_covered(cell, group, header));
        const bool hasty = gone && MUTANT(crdt_drops_removal_early);
        if (all || hasty || (dead && is_settled(cell))) {
            going.push_back(cell.field);
        }
    }
    return MUTANT(crdt_drops_removal_early) || same_without(group, going, header)
               ? going
               : std::vector<Field>{};
}

std::vector<Field> header_garbage(const KeyState& state, const model::VersionVector& settled) {
    std::vector<Field> fields;
    const Header header = header_of(state);
    if (header.any_setting_lives || hides_siblings(state.group(Tag::kSiblings), header)) {
        return fields;
    }
    for (const Effect& cell : state.group(Tag::kHeader)) {
        if (!settled.covers(cell.cell.dot) || !settled.covers(cell.cell.clears)) {
            return {};  // One may hold back what another lifts.
        }
        fields.push_back(cell.field);
    }
    return fields;
}

std::vector<Field> deleted_meanwhile(const KeyState& returning, const KeyState& survivors,
                                     const model::VersionVector& survivors_seen) {
    std::vector<Field> fields;
    for (const Effect& cell : returning.all()) {
        if (survivors_seen.covers(cell.cell.dot) && survivors.find(cell.field) == nullptr) {
            fields.push_back(cell.field);
        }
    }
    return fields;
}

namespace {

// A cell may hold values that do not live; until when it does is not the same everywhere.
bool digest_siblings(Group group, const Header& header, base::Encoder& out) {
    const auto values = living_siblings(group, header);
    CHECK(values.has_value(), "cells are checked when they come in");
    for (const SiblingValue& each : *values) {
        out.fixed(static_cast<std::uint8_t>(Tag::kSiblings));
        each.dot.encode(out);
        out.bytes(each.value);
    }
    return !values->empty();
}

bool digest_cell(const Effect& cell, Group group, const Header& header, base::Encoder& out) {
    const auto amount = unabsorbed(cell, group, header);
    if (cell.field.tag == Tag::kHeader || (!amount && !lives(cell, group, header))) {
        return false;
    }
    out.fixed(static_cast<std::uint8_t>(cell.field.tag));
    out.bytes(cell.field.element);
    cell.cell.dot.encode(out);
    if (amount) {
        out.signed_varint(amount->whole);
        out.fixed(std::bit_cast<std::uint64_t>(amount->real));
    } else {
        out.bytes(cell.cell.value);
    }
    return true;
}

}  // namespace

bool digest(const KeyState& state, base::Encoder& out) {
    bool anything = false;
    const Header header = header_of(state);
    out.fixed(static_cast<std::uint8_t>(header.expires_ms ? 1 : 0));
    out.fixed(header.expires_ms.value_or(0));
    for (Group left = state.all(); !left.empty();) {
        const Group group = first_group(left);
        left = left.subspan(group.size());
        const Tag tag = group.front().field.tag;
        if (tag == Tag::kStrictMember && !shows(group, header)) {
            continue;  // Hidden by a removal that will be collected together with them.
        }
        if (tag == Tag::kSiblings) {
            anything |= digest_siblings(group, header, out);
            continue;
        }
        for (const Effect& cell : group) {
            anything |= digest_cell(cell, group, header, out);
        }
    }
    return anything;
}

}  // namespace distkv::crdt
