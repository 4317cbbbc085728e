#include "crdt/writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::crdt {

using base::ByteView;
using Group = KeyState::Group;

namespace {

Field field_of(Tag tag, ByteView element, const Writer& writer) {
    return {tag, base::Bytes(element), is_shared(tag) ? model::Origin{} : writer.dot.origin};
}

// Of the element, other writers' cells; of a shared cell also what its writer had seen, because the
// cell itself goes.
model::VersionVector seen_of(const KeyState& state, Tag tag, ByteView element,
                             const Writer& writer) {
    model::VersionVector clears;
    for (const Effect& other : state.group(tag, element)) {
        // Equal: an earlier step of this command.
        CHECK(other.cell.dot <= writer.dot, "a writer's dot is above all that it has seen");
        if (is_shared(tag)) {
            clears.join(other.cell.clears);
        }
        if (other.cell.dot.origin != writer.dot.origin) {
            clears.raise(other.cell.dot);
        }
    }
    if (tag == Tag::kStrictMember) {
        // A removal that hid what it did not see was covered by nobody, may be collected here and
        // still stand elsewhere.
        clears.join(writer.seen);
    }
    clears.forget(writer.dot.origin);  // Its own earlier ones are seen by definition.
    return clears;
}

// The header cell that deletes all cells that the writer has seen.
Effect clear_up_to_now(const KeyState& state, const Writer& writer) {
    Effect own{{Tag::kHeader, {}, writer.dot.origin}, {.dot = writer.dot, .kind = Kind::kValue}};
    if (const Cell* const before = state.find(own.field)) {
        own.cell.value = before->value;
        own.cell.clears = before->clears;
    }
    own.cell.clears.join(writer.seen);
    // What this command goes on to write has the writer's dot, and must not be covered.
    own.cell.clears.forget(writer.dot.origin);
    own.cell.clears.raise({{writer.dot.hlc.word - 1}, writer.dot.origin});
    return own;
}

}  // namespace

Effect set_value(const KeyState& state, Tag tag, ByteView element, const Writer& writer,
                 base::Bytes value) {
    return {field_of(tag, element, writer),
            {.dot = writer.dot,
             .kind = Kind::kValue,
             .value = std::move(value),
             .clears = seen_of(state, tag, element, writer)}};
}

Effect remove_value(const KeyState& state, Tag tag, ByteView element, const Writer& writer) {
    return {
        field_of(tag, element, writer),
        {.dot = writer.dot, .kind = Kind::kGone, .clears = seen_of(state, tag, element, writer)}};
}

void absorb_amounts(const KeyState& state, Tag tag, ByteView element, const Writer& writer,
                    Effects& effects) {
    const Group group = state.group(tag, element);
    if (!sum_of(group, header_of(state)).any) {
        return;
    }
    Effect own{field_of(tag, element, writer),
               {.dot = writer.dot, .kind = Kind::kAmount, .began = writer.dot.hlc}};
    for (const Effect& cell : group) {
        const bool mine = cell.field.owner == writer.dot.origin;
        if (mine) {
            own.cell.amount = cell.cell.amount;
            own.cell.began = cell.cell.began;
        }
        if (cell.cell.kind == Kind::kAmount) {
            const Absorbed taken{mine ? writer.dot.hlc : cell.cell.dot.hlc, cell.cell.amount};
            join(own.cell.absorbed, {{cell.field.owner, taken}});
        }
        join(own.cell.absorbed, cell.cell.absorbed);
    }
    // Without a cell of its own until now, it has nothing to give: that cell shows nothing.
    own.cell.absorbed[writer.dot.origin] = {writer.dot.hlc, own.cell.amount};
    effects.push_back(std::move(own));
}

base::Result<Effect> add_amount(const KeyState& state, Tag tag, ByteView element,
                                const Writer& writer, Amount by) {
    Effect own{field_of(tag, element, writer),
               {.dot = writer.dot, .kind = Kind::kAmount, .began = writer.dot.hlc}};
    if (const Cell* const before = state.find(own.field)) {
        CHECK(before->dot <= writer.dot);
        own.cell.amount = before->amount;
        own.cell.began = before->began;
        own.cell.absorbed = before->absorbed;
        // Whoever absorbed of it may be collected where this cell has not arrived yet.
        for (const Effect& other : state.group(tag, element)) {
            const auto taken = other.cell.absorbed.find(writer.dot.origin);
            if (taken != other.cell.absorbed.end() && before->began <= taken->second.at) {
                join(own.cell.absorbed, {*taken});
            }
        }
    }
    if (MUTANT(crdt_echoes_amounts)) {
        own.cell.amount = sum_of(state.group(tag, element), header_of(state)).amount;
    }
    // What an earlier step of this command absorbed was there before the command.
    const auto mine = own.cell.absorbed.find(writer.dot.origin);
    if (mine != own.cell.absorbed.end() && mine->second.at == writer.dot.hlc) {
        mine->second.at = {writer.dot.hlc.word - 1};
    }
    // The cumulative sum may wrap, as differences of it do (liveness.cc); what is left of it may
    // not.
    const Group group = state.group(tag, element);
    const Header header = header_of(state);
    std::int64_t left = 0;
    for (const Effect& cell : group) {
        if (cell.field.owner == writer.dot.origin) {
            left = unabsorbed(cell, group, header).value_or(Amount{}).whole;
        }
    }
    if (__builtin_add_overflow(left, by.whole, &left)) {
        return base::fail(base::Errc::kInvalid, "increment or decrement would overflow");
    }
    own.cell.amount.whole = static_cast<std::int64_t>(
        static_cast<std::uint64_t>(own.cell.amount.whole) + static_cast<std::uint64_t>(by.whole));
    own.cell.amount.real += by.real;
    return own;
}

Effect set_expiry(const KeyState& state, const Writer& writer, ExpirySetting::Kind kind,
                  std::uint64_t at_ms) {
    Effect own{{Tag::kHeader, {}, writer.dot.origin}, {.dot = writer.dot, .kind = Kind::kValue}};
    ExpirySetting setting{.kind = kind, .set = writer.dot.hlc, .at_ms = at_ms, .seen = writer.seen};
    for (const Effect& cell : state.group(Tag::kHeader)) {
        if (cell.field.owner == writer.dot.origin) {
            own.cell.clears = cell.cell.clears;
        }
    }
    // Not only the settings that are there: one that was collected here may stand elsewhere.
    setting.seen.forget(writer.dot.origin);
    own.cell.value = encode_setting(setting);
    return own;
}

Effects clear_key(const KeyState& state, const Writer& writer) {
    Effects effects;
    const Header header = header_of(state);
    if (!state.summary.nothing_lives() || header.any_setting_lives) {
        effects.push_back(clear_up_to_now(state, writer));
    }
    if (shows(state.group(Tag::kRegister), header)) {
        effects.push_back(remove_value(state, Tag::kRegister, {}, writer));
    }
    absorb_amounts(state, Tag::kCount, {}, writer, effects);
    for (const Tag tag : {Tag::kMapAmount, Tag::kScoreAmount}) {
        state.for_each_group(tag, [&](Group group) {
            absorb_amounts(state, tag, group.front().field.element, writer, effects);
        });
    }
    return effects;
}

KeyState cleared(const KeyState& state, const Effects& clearing) {
    KeyState left = state;
    for (const Effect& effect : clearing) {
        left.put(effect);
    }
    left.summary.live = {};
    return left;
}

Effects combine(Effects first, Effects then) {
    std::erase_if(first, [&](const Effect& early) {
        return std::ranges::any_of(then,
                                   [&](const Effect& late) { return late.field == early.field; });
    });
    // What clears comes first: the summary then need not be counted anew.
    first.insert(first.end(), std::make_move_iterator(then.begin()),
                 std::make_move_iterator(then.end()));
    return first;
}

base::Result<void> expect_type(const KeyState& state, Type type, time::Hlc now) {
    const Type found = type_at(state, now);
    if (found == Type::kNone || found == type) {
        return {};
    }
    std::string text =
        "WRONGTYPE Operation against a key holding the wrong kind of value: it is a ";
    text += name_of(found);
    text += ", not a ";
    text += name_of(type);
    return base::fail(base::Errc::kInvalid, std::move(text));
}

}  // namespace distkv::crdt
